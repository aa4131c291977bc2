"""`chatdb status` on a real API server, by the read-only account that is shipped: causes are named, fixes work.

Every case is made on one platform, which is well before and after. A sample is played; CHATDB_STUCK=all plays all.
"""

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from catalogue.namespaces import Namespace
from chatdb.cli import main
from tests.e2e.access import Account, Asker, Request, token
from tests.e2e.cluster import Cluster
from tests.e2e.deployment import BOUND, Deployment, started
from tests.e2e.faults import never_ready
from tests.e2e.stack import search_path
from tests.e2e.stuck.argo_cd import ARGO_CD
from tests.e2e.stuck.case import Case, Cause, grant
from tests.e2e.stuck.objects import OBJECTS
from tests.e2e.stuck.pods import PODS
from tests.e2e.stuck.pushed import PINS, PUSHED

ACCOUNT = Account("chatdb-system", "chatdb-status")
SEEN, WELL = 90, 120
"""Seconds within which the cause is named, and within which all is well after the fix."""
SAMPLE = ("secret", "quota", "job", "finalizer", "immutable", "unknown-kind", "window", "unpushed-pin")
CASES = PODS | OBJECTS | PUSHED | ARGO_CD | PINS
PLAYED = CASES if os.environ.get("CHATDB_STUCK") == "all" else {name: CASES[name] for name in CASES if name in SAMPLE}
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "bind", "escalate")
SOON = "--horizontal-pod-autoscaler-sync-period=2s"


class Reader:
    """Who may only read what `chatdb status` needs, and runs it."""

    def __init__(self, platform: Deployment) -> None:
        """The account is there already."""
        self.platform = platform
        self.kubeconfig = platform.cluster.folder / "reader.kubeconfig"
        config = yaml.safe_load(platform.cluster.kubeconfig.read_text())
        config["users"][0]["user"] = {"token": token(platform.api, ACCOUNT)}
        self.kubeconfig.write_text(yaml.safe_dump(config))

    def run(self, *arguments: str) -> tuple[int, str]:
        """The command, in the clone that Argo CD's repository was pushed from."""
        environment = {
            "KUBECONFIG": str(self.kubeconfig),
            "PATH": search_path(),
            "HOME": str(self.platform.cluster.folder),
        }
        done = CliRunner().invoke(main, ["status", *arguments], obj=self.platform.origin.work, env=environment)
        return done.exit_code, done.output

    def status(self) -> tuple[int, dict[str, Any]]:
        """The exit code, and what it prints for programs."""
        code, output = self.run("--json")
        assert output.startswith("{"), output
        return code, json.loads(output)

    def well(self) -> None:
        """Wait until all is as it should be."""
        deadline = time.monotonic() + WELL
        while (outcome := self.status())[0]:
            if time.monotonic() > deadline:
                pytest.fail(f"{json.dumps(outcome[1]['causes'], indent=1)}\n{self.platform.argo_cd.states()}")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A cluster with Argo CD, and nothing of the platform."""
    folder = tmp_path_factory.mktemp("status")
    made = Deployment(folder)
    made.cluster = Cluster(folder / "cluster", controller_options=[SOON])
    with started(made):
        made.argo_cd.gate(bound=BOUND)
        yield made


@pytest.fixture(scope="module")
def reader(platform: Deployment) -> Reader:
    """The account, on a platform that is well."""
    platform.bootstrap(soon=True)
    platform.wait_settled()
    grant(platform)
    made = Reader(platform)
    made.well()
    return made


def test_job_that_holds_the_waves_is_the_cause(platform: Deployment) -> None:
    """While the platform is installed: the cause is first, then what waits for it; no later tier is blamed."""
    with never_ready(platform, "kafka-topics"):
        platform.bootstrap(soon=True)
        platform.wait("tier setup is held", WELL, lambda: platform.status("setup")[0] == "Synced")
        grant(platform)
        code, report = Reader(platform).status()
    assert code == 1
    (cause,) = report["causes"]
    assert cause["places"] == ["setup/kafka-topics"]
    assert cause["held_by"].startswith("Pod chatdb-system/kafka-topics-")
    assert "tier core waits for an earlier wave" in cause["consequences"]
    states = {tier["name"]: tier["state"] for tier in report["tiers"]}
    assert (states["foundation"], states["setup"], states["core"]) == ("ready", "rolling out", "waiting")


def test_all_is_well(reader: Reader) -> None:
    """Each tier is at the commit that it should be at, and every component is ready."""
    code, report = reader.status()
    assert (code, report["ok"], report["engine"], report["causes"]) == (0, True, "argo-cd", [])
    head = reader.platform.origin.git("rev-parse", "HEAD")
    for tier in report["tiers"]:
        revision = tier["revision"]
        assert (revision["runs"], revision["should_run"], revision["target"]) == (head, head, "main")
        assert revision["committed"] and revision["pushed"]
        assert {component["state"] for component in tier["components"]} == {"ready"}


@pytest.mark.parametrize("name", PLAYED)
def test_cause_is_named_and_its_fix_works(reader: Reader, name: str) -> None:
    """The first cause is what was done, with what holds it and the fix; when that is done, all is well."""
    case, platform = PLAYED[name], reader.platform
    with case.made(platform):
        cause = named(reader, case)
        if case.fix:
            case.fix(platform, cause)
            reader.well()
    if case.after:
        case.after(platform, cause)
    reader.well()


def named(reader: Reader, case: Case) -> Cause:
    """The cause, as soon as it is the first."""
    argo_cd, deadline = reader.platform.argo_cd, time.monotonic() + SEEN
    while time.monotonic() < deadline:
        # Without being told, Argo CD 3.6.1 may call a new commit Synced by a comparison from its cache.
        for application in argo_cd.applications():
            argo_cd.look(application)
        code, report = reader.status()
        first: Cause = next(iter(report["causes"]), {})
        if first.get("kind") == case.kind and case.message in first["message"]:
            break
    else:
        pytest.fail(f"{json.dumps(report['causes'], indent=1)}\n{reader.platform.argo_cd.states()}")
    assert code == 1
    assert first["held_by"].startswith(case.held_by), first
    assert case.advice in first["fix"], first
    return first


def test_account_reads_no_secret_and_writes_nothing(reader: Reader) -> None:
    """Asked of the API server by the account itself, for everything that it serves; any other account is compared."""
    allowed, usual = rights(reader, ACCOUNT), rights(reader, Account("default", "default"))
    assert {request.verb for request in allowed - usual} == {"get", "list"}
    assert not [request for request in allowed if request.resource in ("secrets", "configmaps")]
    assert Request("list", "", "pods", "chatdb-system") in allowed
    elsewhere = {one.resource for one in allowed - usual if one.namespace in ("kube-system", "default", "")}
    assert elsewhere == {"nodes", "namespaces"}


def rights(reader: Reader, account: Account) -> set[Request]:
    """What the account may do, in the platform's namespaces, in others, and in the whole cluster."""
    asker = Asker(reader.platform.api, account)
    served = {(version.rpartition("/")[0], resource) for version, resource in resources(reader)}
    wanted = [
        Request(verb, group, resource, place)
        for group, resource in served
        for verb in VERBS
        for place in (*Namespace, "argocd", "kube-system", "default", "")
    ]
    allowed = {request for request in wanted if asker.allowed(request)}
    asker.close()
    return allowed


def resources(reader: Reader) -> Iterator[tuple[str, str]]:
    """Version and name of every resource and subresource that the server has."""
    api = reader.platform.api
    groups = api.request("GET", "/apis")["groups"]
    for version in ("v1", *(group["preferredVersion"]["groupVersion"] for group in groups)):
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        for resource in api.request("GET", root)["resources"]:
            yield version, resource["name"]
