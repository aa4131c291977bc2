"""What a NetworkPolicy that somebody adds opens to whom: the rule says it, exactly, and says nothing without need."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from constructs_lib.checks import reachability
from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.checks.traffic import dns_servers
from constructs_lib.pods import TEMPLATES
from constructs_lib.resolved import Peer
from tests import platform_policies
from tests.checks.mutations import drop, pick

CASES = yaml.safe_load(Path(__file__).with_name("holes.yaml").read_text(encoding="utf-8"))["cases"]
ANYBODY: dict[str, Any] = {"namespaceSelector": {}}


def policy(namespace: str, spec: Any, name: str = "added") -> Rendered:
    """A NetworkPolicy as an overlay would add it."""
    metadata = {"name": name, "namespace": namespace}
    content = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}
    return Rendered("core", content)


def copied(rendered: Inputs) -> list[Rendered]:
    """The rendered objects, to be changed."""
    return [Rendered(r.tier, copy.deepcopy(r.manifest)) for r in rendered.rendered]


def findings(rendered: Inputs, *objects: Rendered) -> list[str]:
    """What the rule says of these objects."""
    return [str(problem) for problem in reachability.exact(replace(rendered, rendered=tuple(objects)))]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_added_policy(rendered: Inputs, case: dict[str, Any]) -> None:
    """One finding for each hole, which names the policy, who may reach what, and on which ports; and no other."""
    lines = findings(rendered, *rendered.rendered, policy(case["namespace"], case["spec"]))
    assert len(lines) == len(case["says"]), lines
    for text in case["says"]:
        (line,) = (one for one in lines if text in one)
        assert line.startswith(f"tier core: NetworkPolicy {case['namespace']}/added: ")


@pytest.mark.parametrize(("group", "kind"), TEMPLATES)
def test_pods_of_every_kind(rendered: Inputs, group: str, kind: str) -> None:
    """A pod is a pod, whoever makes it: a policy opens it, and it may ask for nothing but DNS."""
    version = f"{group}/v1" if group else "v1"
    content: dict[str, Any] = {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": "tool", "namespace": "chatdb-system"},
    }
    place = content
    for key in TEMPLATES[group, kind]:
        place = place.setdefault(key, {})
    place["metadata"] = {**place.get("metadata", {}), "labels": {"app": "tool"}}
    place["spec"] = {"containers": [{"name": "tool", "ports": [{"name": "admin", "containerPort": 7000}]}]}
    open_ = policy("chatdb-system", {"podSelector": {}, "ingress": [{"from": [ANYBODY], "ports": [{"port": "admin"}]}]})
    (line,) = findings(rendered, *rendered.rendered, Rendered("core", content), open_)
    assert f"pods of every namespace reach {kind} chatdb-system/tool on 7000/TCP" in line
    assert findings(rendered, *rendered.rendered, Rendered("core", content)) == []


def test_ports_of_sidecars_have_names(rendered: Inputs) -> None:
    """A sidecar's port is the pod's; an init container is gone before anybody connects."""
    objects = copied(rendered)
    spec = pick(objects, "StatefulSet", "postgres")["spec"]["template"]["spec"]
    ports = [{"name": "side", "containerPort": 1, "protocol": "UDP"}]
    spec["initContainers"] = [
        {"name": "a", "restartPolicy": "Always", "ports": ports},
        {"name": "b", "ports": [{"name": "side", "containerPort": 2, "protocol": "UDP"}]},
    ]
    rule = {"from": [ANYBODY], "ports": [{"port": "side", "protocol": "UDP"}, {"port": "side"}]}
    (line,) = findings(rendered, *objects, policy("chatdb-system", {"podSelector": {}, "ingress": [rule]}))
    assert "reach postgres on 1/UDP: " in line


def test_pods_on_the_hosts_network_are_left_out(rendered: Inputs) -> None:
    """Policies do not hold for them; the rule pod-security refuses them."""
    objects = copied(rendered)
    pick(objects, "StatefulSet", "postgres")["spec"]["template"]["spec"]["hostNetwork"] = True
    opens = policy("chatdb-system", {"podSelector": {}, "ingress": [{"ports": [{"port": "postgres"}]}]})
    assert findings(rendered, *objects, opens) == []


def test_both_sides_have_to_open(rendered: Inputs) -> None:
    """A door is open where both agree; the finding names both policies."""
    entering = {"from": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "jaeger"}}}]}
    inward = policy("chatdb-system", {"podSelector": {"matchLabels": {"app": "postgres"}}, "ingress": [entering]}, "in")
    system = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "chatdb-system"}}}
    leaving = {"to": [system], "ports": [{"port": 5432, "endPort": 5433}]}
    out = policy("chatdb-monitoring", {"podSelector": {}, "policyTypes": ["Egress"], "egress": [leaving]}, "out")
    assert not any("jaeger reach" in line for line in findings(rendered, *rendered.rendered, inward))
    assert findings(rendered, *rendered.rendered, out) == []
    lines = findings(rendered, *rendered.rendered, inward, out)
    (line,) = (line for line in lines if "jaeger reach" in line)
    assert line.startswith("tier core: NetworkPolicy chatdb-system/in: together with tier core: NetworkPolicy ")
    assert "chatdb-monitoring/out it lets jaeger reach postgres on 5432-5433/TCP, but no dependency says so" in line


def test_namespaces_have_the_labels_that_are_rendered(rendered: Inputs) -> None:
    """A label of our own namespace selects it; of another one nothing but its name is known."""
    objects = copied(rendered)
    (peer,) = pick(objects, "NetworkPolicy", platform_policies.name("Ingress", "query-parser", "kafka"))["spec"][
        "ingress"
    ][0]["from"]
    peer["namespaceSelector"] = {"matchLabels": {"name": "chatdb-services"}}
    lines = findings(rendered, *objects)
    assert not any("policies forbid it" in line for line in lines)
    assert any("pods with app=query-parser of every namespace with name=chatdb-services" in line for line in lines)
    pick(objects, "Namespace", "chatdb-services")["metadata"]["labels"]["name"] = "other"
    assert any(line.startswith("query-parser -> kafka:9092/TCP: a dep") for line in findings(rendered, *objects))
    objects, from_ingress = copied(rendered), platform_policies.names("Ingress", consumer="ingress-controller")
    for each in (object_ for object_ in objects if object_.name in from_ingress):
        (peer,) = each.manifest["spec"]["ingress"][0]["from"]
        peer["namespaceSelector"] = {"matchLabels": {"name": "ingress-nginx"}}
    lines = findings(rendered, *objects)
    assert any(line.startswith("ingress-controller -> query-parser:8002/TCP: a dep") for line in lines)


def test_component_is_known_by_its_namespace(rendered: Inputs) -> None:
    """A pod elsewhere with a component's label has none of its dependencies."""
    metadata = {"name": "copy", "namespace": "chatdb-testing"}
    template = {"metadata": {"labels": {"app": "query-parser"}}, "spec": {"containers": []}}
    copy_ = Rendered(
        "core", {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": template}}
    )
    assert findings(rendered, *rendered.rendered, copy_) == []
    out = policy("chatdb-testing", {"podSelector": {}, "egress": [{"to": [ANYBODY], "ports": [{"port": 9092}]}]})
    peer = {**ANYBODY, "podSelector": {"matchLabels": {"app": "query-parser"}}}
    kafka = {"matchLabels": {"app": "kafka"}}
    into = policy("chatdb-system", {"podSelector": kafka, "ingress": [{"from": [peer]}]}, "in")
    lines = findings(rendered, *rendered.rendered, copy_, out, into)
    assert any("Deployment chatdb-testing/copy" in line and "reach kafka on 9092/TCP" in line for line in lines)


def test_namespace_without_default_deny(rendered: Inputs) -> None:
    """One finding for the namespace and direction, with the pods that nothing restricts any more."""
    objects = copied(rendered)
    objects = [r for r in objects if (r.namespace, r.name) != ("chatdb-system", "default-deny")]
    (line,) = findings(rendered, *objects)
    assert line.startswith("namespace chatdb-system: everybody reaches all ports of ")
    assert "kafka-topics" in line
    drop(objects, "NetworkPolicy", platform_policies.dns_name(rendered.platform, rendered.settings))
    assert any("nothing holds back" in line for line in findings(rendered, *objects))


def test_other_groups_policies_are_not_read(rendered: Inputs) -> None:
    """Calico has a kind of that name, with another meaning."""
    other = policy("chatdb-system", {"selector": "all()", "ingress": [{"action": "Allow"}]})
    content = {**other.manifest, "apiVersion": "projectcalico.org/v3"}
    assert findings(rendered, *rendered.rendered, Rendered("core", content)) == []


def test_address_of_the_api_may_be_named(rendered: Inputs) -> None:
    """An environment that knows the API server's address may narrow the policies to it."""
    objects, to_api = copied(rendered), platform_policies.names("Egress", provider="kubernetes-api")
    for each in (object_ for object_ in objects if object_.name in to_api):
        each.manifest["spec"]["egress"][0]["to"] = [{"ipBlock": {"cidr": "203.0.113.10/32"}}]
    assert findings(rendered, *objects) == []
    for each in (object_ for object_ in objects if object_.name in to_api):
        each.manifest["spec"]["egress"][0]["to"] = [{"podSelector": {}}]
    assert all("kubernetes-api:" in line for line in findings(rendered, *objects))
    assert findings(rendered, *objects)


@pytest.mark.parametrize("pods", [Peer(namespace="kube-system", labels={"k8s-app": "kube-dns"}), None])
def test_dns_at_an_address(rendered: Inputs, monkeypatch: pytest.MonkeyPatch, pods: Peer | None) -> None:
    """DNS of a node is known by its address: it has to be open, and is no hole; a larger block is one."""
    ports = (("TCP", 53), ("UDP", 53))
    servers = tuple(dns_servers(pods, ("169.254.20.10/32",), ports))
    monkeypatch.setattr("constructs_lib.checks.traffic._dns", lambda _inputs: iter(servers))
    assert any(" -> dns at 169.254.20.10/32:53/TCP, 53/UDP" in one for one in findings(rendered, *rendered.rendered))
    objects, dns_name = copied(rendered), platform_policies.dns_name(rendered.platform, rendered.settings)
    for each in (object_ for object_ in objects if object_.name == dns_name):
        to = each.manifest["spec"]["egress"][0]["to"]
        to[:] = [*(to if pods else []), {"ipBlock": {"cidr": "169.254.20.10/32"}}]
    assert findings(rendered, *objects) == []
    for each in (object_ for object_ in objects if object_.name == dns_name):
        each.manifest["spec"]["egress"][0]["to"][-1]["ipBlock"]["cidr"] = "169.254.20.8/30"
    lines = findings(rendered, *objects)
    assert len(lines) == 4
    assert all("169.254.20.11 and 169.254.20.8-169.254.20.9 on 53/TCP, 53/UDP" in line for line in lines)
