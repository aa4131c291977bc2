"""An object store that others run: its keys, and the way to it."""

import copy
from dataclasses import replace
from typing import Any

import pytest
from cdk8s import App, Chart

from catalogue.components import CATALOGUE
from constructs_lib.checks.model import Inputs
from constructs_lib.checks.reachability import exact
from constructs_lib.checks.references import configuration_exists
from constructs_lib.checks.render import inputs
from constructs_lib.options import ObjectStore, Options
from constructs_lib.parts.policy import network_policy
from constructs_lib.resolve import varied
from constructs_lib.resolved import NAMESPACE_LABEL
from constructs_lib.settings import read_settings
from tests.repository import PLATFORM, ROOT

STORE = ObjectStore(endpoint="https://s3.example", host="s3.example", port=443)
PEERS: dict[str, tuple[ObjectStore, list[dict[str, Any]] | None]] = {
    "anywhere": (STORE, None),
    "addresses": (
        replace(STORE, addresses=("203.0.113.0/24", "2001:db8::/64")),
        [{"ipBlock": {"cidr": cidr}} for cidr in ("203.0.113.0/24", "2001:db8::/64")],
    ),
    "pods": (
        replace(STORE, namespace="seaweedfs", labels=(("app", "s3"),)),
        [
            {
                "namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: "seaweedfs"}},
                "podSelector": {"matchLabels": {"app": "s3"}},
            }
        ],
    ),
}


@pytest.fixture(scope="module")
def production() -> Inputs:
    """As it is committed, with a store of which nothing but the host is known."""
    return inputs(ROOT, PLATFORM, read_settings(ROOT, CATALOGUE, "production"))


def with_store(production: Inputs, asked: str, opened: str) -> Inputs:
    """The environment whose settings say of the store what `asked` does, and whose policies open what `opened` does."""
    options = Options(object_store=PEERS[asked][0])
    objects = []
    for one in production.rendered:
        if one.kind == "NetworkPolicy" and one.name.endswith("-to-minio"):
            changed = copy.deepcopy(dict(one.manifest))
            (rule,) = changed["spec"]["egress"]
            rule |= {"to": PEERS[opened][1]} if PEERS[opened][1] else {}
            objects.append(replace(one, manifest=changed))
        else:
            objects.append(one)
    platform = varied(PLATFORM, production.settings.traits, options)
    return replace(production, platform=platform, rendered=tuple(objects))


@pytest.mark.parametrize("peers", PEERS)
def test_way_to_the_store(production: Inputs, peers: str) -> None:
    """Policies that open what the settings say, and nothing besides, are no finding."""
    assert list(exact(with_store(production, peers, peers))) == []


@pytest.mark.parametrize("asked", ["addresses", "pods"])
def test_way_that_is_too_wide(production: Inputs, asked: str) -> None:
    """Who knows where the store is opens no other way."""
    findings = list(exact(with_store(production, asked, "anywhere")))
    assert {one.where.rpartition("/")[2] for one in findings} == {"ml-engine-to-minio", "model-registry-to-minio"}


def test_way_that_is_closed(production: Inputs) -> None:
    """A store that may be anywhere is not reached by a policy for some pods."""
    closed = {one.where for one in exact(with_store(production, "anywhere", "pods")) if "forbid" in one.what}
    assert closed == {"ml-engine -> minio:443/TCP", "model-registry -> minio:443/TCP"}


@pytest.mark.parametrize("peers", PEERS)
def test_policy_of_the_settings(production: Inputs, peers: str) -> None:
    """What is rendered opens what the settings say."""
    platform = varied(PLATFORM, production.settings.traits, Options(object_store=PEERS[peers][0]))
    (policy,) = [one for one in platform.component("model-registry").policies if one.name == "model-registry-to-minio"]
    chart = Chart(App(), "chart")
    network_policy(chart, platform.name, "model-registry", policy)
    (rule,) = chart.to_json()[0]["spec"]["egress"]
    assert rule.get("to") == PEERS[peers][1]
    assert rule["ports"] == [{"port": 443, "protocol": "TCP"}]


@pytest.mark.parametrize(
    ("field", "message"),
    [("name", "there is no Secret other"), ("key", "Secret model-registry-object-store has no key other")],
)
def test_keys_that_nobody_gives(production: Inputs, field: str, message: str) -> None:
    """The Secret that others make has a name and keys; what the pod names besides is never there."""
    assert list(configuration_exists(production)) == []
    objects = []
    for one in production.rendered:
        manifest = copy.deepcopy(dict(one.manifest))
        if one.kind == "Deployment" and one.name == "model-registry":
            (container,) = manifest["spec"]["template"]["spec"]["containers"]
            given = [e for e in container["env"] if e["valueFrom"]["secretKeyRef"]["name"].endswith("-object-store")]
            assert [e["name"] for e in given] == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
            given[0]["valueFrom"]["secretKeyRef"][field] = "other"
        objects.append(replace(one, manifest=manifest))
    (finding,) = configuration_exists(replace(production, rendered=tuple(objects)))
    assert finding.what == message
