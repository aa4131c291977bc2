"""The host of an environment: routes and files have it, pods that read such a file start again, and nothing else."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from catalogue.components import CATALOGUE, HOST
from constructs_lib.gitops.host import at_host, host_patches
from constructs_lib.gitops.synth import synthesize
from constructs_lib.kustomize import kustomize
from constructs_lib.problem import InvalidInput
from constructs_lib.rendered import Manifest, Rendered
from constructs_lib.settings import read_settings
from tests.repository import PLATFORM, ROOT, attach, copy_inputs, set_values

OTHER = "staging.example"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Manifest]]:
    """By host, the objects of all tiers; with routes of both kinds."""
    by_host = {}
    for host in (HOST, OTHER):
        root = copy_inputs(tmp_path_factory.mktemp("host"))
        set_values(root, "minikube", host=host)
        synthesize(root, CATALOGUE, root / ".cdk8s/out")
        plain = kustomize(root, root / "overlays/minikube")
        attach(root, "minikube", ["gateway-api"])
        synthesize(root, CATALOGUE, root / ".cdk8s/out2")
        by_host[host] = [*plain, *kustomize(root, root / "overlays/minikube/edge")]
    return by_host


def pods(objects: list[Manifest]) -> dict[str, Any]:
    """Pod templates by kind and name, without Jobs, whose names change with them."""
    return {
        f"{o['kind']} {o['metadata']['name']}": o["spec"]["template"]
        for o in objects
        if o["kind"] != "Job" and "template" in o.get("spec", {})
    }


def test_host_is_replaced_everywhere(built: dict[str, list[Manifest]]) -> None:
    """No object names the platform's host, and with its own host the objects are the same but for their digests."""
    hosts = json.dumps(built[HOST]).count(HOST)
    assert hosts > 8
    assert HOST not in json.dumps(built[OTHER])
    assert json.dumps(built[OTHER]).count(OTHER) == hosts
    routes = [one for one in built[OTHER] if one["kind"] in ("Ingress", "Gateway", "HTTPRoute")]
    assert {one["kind"] for one in routes} == {"Ingress", "Gateway", "HTTPRoute"}
    assert all(OTHER in json.dumps(one) for one in routes)


def test_pods_that_read_it_start_again(built: dict[str, list[Manifest]]) -> None:
    """These, and no others; what else is in their templates stays."""
    before, after = pods(built[HOST]), pods(built[OTHER])
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"Deployment locust-master", "Deployment locust-worker"}
    for name in changed:
        checksum = "chatdb.io/config-checksum"
        old, new = (one[name]["metadata"]["annotations"].pop(checksum) for one in (before, after))
        assert re.fullmatch("[0-9a-f]{16}", new) and new != old
        assert before[name] == after[name]


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("http://a.b/x", "http://c/x"), ("a.b", "c"), ("a.b.", "c."), ("a.b:80", "c:80"),
        ("x.a.b", "x.a.b"), ("a.b.d", "a.b.d"), ("a-b", "a-b"), ("a.b-d", "a.b-d"), ("aa.b", "aa.b"), ("-a.b", "-a.b"),
    ],
)  # fmt: skip
def test_whole_names_only(text: str, changed: str) -> None:
    """A longer name, or one that a pattern would match, is another host."""
    assert at_host({"k": [text, 1, None]}, "a.b", "c") == {"k": [changed, 1, None]}


def test_own_host_patches_nothing() -> None:
    """Also where it is written in the settings."""
    settings = read_settings(ROOT, CATALOGUE, "minikube")
    assert settings.host == HOST
    assert host_patches(PLATFORM, settings, Rendered(charts={("edge", "x"): [{"host": HOST}]}, templates={})) == {}


def test_job_that_reads_it_is_refused() -> None:
    """Its name is a hash of what it reads, in all environments."""
    config = {"kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}, "data": {"url": f"http://{HOST}/"}}
    source = {"envFrom": [{"configMapRef": {"name": "c"}}]}
    template = {"spec": {"containers": [source]}}
    job = {"kind": "Job", "metadata": {"name": "j-1", "namespace": "n"}, "spec": {"template": template}}
    settings = replace(read_settings(ROOT, CATALOGUE, "minikube"), host=OTHER)
    with pytest.raises(InvalidInput, match=f"environment minikube: the Job j-1 reads {HOST}"):
        host_patches(PLATFORM, settings, Rendered(charts={("setup", "x"): [config, job]}, templates={}))
