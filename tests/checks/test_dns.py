"""The rule of reachability accepts exactly the DNS that the environment's setting names."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.checks import reachability
from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.dns import DnsSetting
from constructs_lib.gitops.generated import dns_policies
from constructs_lib.resolved import NAMESPACE_LABEL, Peer
from tests import platform_policies

POD, NAMESPACE = "query-parser", "chatdb-services"
KUBE_DNS = Peer(namespace="kube-system", labels={"k8s-app": "kube-dns"})
NODE_LOCAL = DnsSetting(pods=KUBE_DNS, addresses=("169.254.20.10/32", "fd00::10/128"))
OPENSHIFT = Peer(namespace="openshift-dns", labels={"dns": "default"})
SETTINGS = {
    "usual": DnsSetting(),
    "node-local": NODE_LOCAL,
    "address": DnsSetting(addresses=("169.254.20.10/32",)),
    "ipv6": DnsSetting(addresses=("fd00::/64",)),
    "elsewhere": DnsSetting(pods=OPENSHIFT, ports=(5353,)),
    "narrower": DnsSetting(pods=replace(KUBE_DNS, labels={"k8s-app": "kube-dns", "tier": "cache"})),
}
Rule = dict[str, Any]


def findings(rendered: Inputs, setting: DnsSetting, *changes: Callable[[Rule], None], written: DnsSetting) -> set[str]:
    """What reachability says of a pod and of the policies where `setting` holds, and they are `written`, changed."""
    asked = replace(rendered, settings=replace(rendered.settings, dns=setting))
    name = platform_policies.dns_name(rendered.platform, rendered.settings)
    others = [one for one in rendered.rendered if one.name != name]
    policies = dns_policies(rendered.platform, replace(rendered.settings, dns=written))
    made = [Rendered(rendered.platform.namespaces.tier, copy.deepcopy(policy)) for policy in policies]
    for change in changes:
        for one in made:
            change(one.manifest["spec"]["egress"][0])
    problems = reachability.exact(replace(asked, rendered=(*others, *made)))
    heads = (f"{POD} -> ", f"tier platform: NetworkPolicy {NAMESPACE}/{name}")
    return {f"{problem.where}: {problem.what}" for problem in problems if problem.where.startswith(heads)}


@pytest.mark.parametrize("name", SETTINGS)
def test_what_is_generated_is_accepted(rendered: Inputs, name: str) -> None:
    """Nothing is found."""
    assert findings(rendered, SETTINGS[name], written=SETTINGS[name]) == set()


def test_what_is_missing_is_found(rendered: Inputs) -> None:
    """Each server, by each protocol."""
    text = "a dependency says so, but policies forbid it"
    assert findings(rendered, NODE_LOCAL, written=DnsSetting()) == {
        f"{POD} -> dns at {block}:53/TCP, 53/UDP: {text}" for block in NODE_LOCAL.addresses
    }
    assert findings(rendered, NODE_LOCAL, written=SETTINGS["address"]) == {
        f"{POD} -> {server}:53/TCP, 53/UDP: {text}" for server in ("dns", "dns at fd00::10/128")
    }


@pytest.mark.parametrize("setting", [SETTINGS["address"], SETTINGS["elsewhere"]])
def test_the_catalogues_servers_are_none_where_others_are_named(rendered: Inputs, setting: DnsSetting) -> None:
    """The way to them is one that nobody needs."""

    def both(rule: Rule) -> None:
        selector = {"podSelector": {"matchLabels": dict(KUBE_DNS.labels)}}
        rule["to"].append({"namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: "kube-system"}}, **selector})

    (finding,) = findings(rendered, setting, both, written=setting)
    assert "kube-system" in finding
    assert "more than the dependencies ask for" in finding


def test_the_catalogues_servers_may_be_among_the_named_ones(rendered: Inputs) -> None:
    """Fewer labels select them, too."""
    catalogue = rendered.platform.namespaces
    usual = replace(catalogue, dns=replace(catalogue.dns, pods=SETTINGS["narrower"].pods))
    asked = replace(rendered, platform=replace(rendered.platform, namespaces=usual))
    setting = DnsSetting(pods=KUBE_DNS)
    assert findings(asked, setting, written=setting) == set()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda rule: rule["to"].append({"ipBlock": {"cidr": "10.0.0.0/8"}}), "10.0.0.0-10.255.255.255 on 53/TCP"),
        (lambda rule: rule["to"][1]["ipBlock"].update(cidr="169.254.20.0/24"), "169.254.20.0"),
        (lambda rule: rule["to"][2]["ipBlock"].update({"except": ["fd00::10/128"]}), f"{POD} -> dns at fd00::10/128"),
        (lambda rule: rule["ports"].append({"protocol": "TCP", "port": 8443}), "169.254.20.10"),
        (lambda rule: rule["ports"].append({"protocol": "TCP", "port": 8443}), "kube-system"),
    ],
    ids=["another-block", "wider", "except", "port-of-the-address", "port-of-the-pods"],
)
def test_another_way_is_found(rendered: Inputs, change: Callable[[Rule], None], expected: str) -> None:
    """An address that is no server's, a server that is left out, and another port."""
    assert any(expected in finding for finding in findings(rendered, NODE_LOCAL, change, written=NODE_LOCAL))
