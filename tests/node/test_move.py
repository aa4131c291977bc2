"""The move of PostgreSQL's data on a node: what is compared, how long no job was acknowledged, what is deployed."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from constructs_lib.kustomize import kustomize
from tests.node.deployed import Deployed
from tests.node.long import move, postgres
from tests.node.long.acknowledged import Order
from tests.node.long.move import IMPORT, Move
from tests.node.long.postgres import TRAIT
from tests.repository import copy_generated

OLD = {"jobs": {"1": "a", "2": "b", "3": "c"}, "models": {"x": "d"}}
NEW = {"jobs": {"1": "a", "2": "changed", "4": "new"}, "models": {"x": "d"}}


def test_rows_that_are_gone_are_found() -> None:
    """By their keys; a row that changed since is none of them."""
    assert list(move.lost(OLD, NEW)) == ["jobs lost 1 of 3 rows"]
    assert list(move.lost(OLD, {})) == ["jobs lost 3 of 3 rows", "models lost 1 of 1 rows"]
    assert list(move.lost(NEW, NEW)) == []


def test_table() -> None:
    """A row for each table, and how long it took."""
    came = Move(began=10.0, led=30.0, whole=90.0, silent=25.0, old=OLD, new=NEW)
    _, _, jobs, models, _, times = came.table()
    assert (jobs, models) == ("| jobs | 3 | 1 | 1 | 1 |", "| models | 1 | 1 | 0 | 0 |")
    assert [f"{seconds} s" in times for seconds in (20, 80, 25)] == [True, True, True]
    assert list(came.problems()) == ["jobs lost 1 of 3 rows"]


def test_time_without_an_acknowledged_job() -> None:
    """The longest, from the moment on."""
    orders = [Order(tag=0, acknowledged=moment) for moment in (5.0, 12.0, None, 40.0, 41.0)]
    assert move.since(orders, 10.0) == [12.0, 40.0, 41.0]
    assert move.gap(orders, 10.0) == 28.0


@pytest.mark.parametrize(
    ("traits", "kinds"),
    [((), {"StatefulSet"}), ((TRAIT, IMPORT), {"Cluster", "StatefulSet"}), ((TRAIT,), {"Cluster"})],
    ids=["before", "first-commit", "second-commit"],
)
def test_what_is_deployed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, traits: Sequence[str], kinds: set[str]
) -> None:
    """One server, both, and the Cluster; both are of the size of the node."""
    work = copy_generated(tmp_path)
    monkeypatch.setattr(postgres, "deploy", lambda _: "")
    origin = SimpleNamespace(work=work, commit=lambda _: None)
    patch = (work / "overlays/minikube/foundation/postgres.yaml").read_text(encoding="utf-8")
    move.commit(cast(Deployed, SimpleNamespace(origin=origin)), traits, patch)
    every = kustomize(work, work / "overlays/minikube/foundation")
    servers = {one["kind"]: one["spec"] for one in every if one["metadata"]["name"] == "postgres"}
    assert servers.keys() & {"Cluster", "StatefulSet"} == kinds
    if "Cluster" in kinds:
        assert servers["Cluster"]["resources"] == postgres.RESOURCES
    if "StatefulSet" in kinds:
        (container,) = servers["StatefulSet"]["template"]["spec"]["containers"]
        assert container["resources"]["limits"]["memory"] == "512Mi"


@pytest.mark.parametrize("heading", ["Second commit", "Way back", "Another try", "Restore"])
def test_commands_of_the_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, heading: str) -> None:
    """Each is run as it stands there, and one that fails is a failure."""
    (tmp_path / "bin").mkdir()
    kubectl = tmp_path / "bin/kubectl"
    kubectl.write_text(
        f'#!/bin/sh\necho pod/postgres-1\necho "$@" >>{tmp_path}/log\n'
        # Like the real one: who writes into its pipe is not killed by a reader that has ended.
        'case " $* " in *" -i "*) cat >/dev/null ;; esac\n'
    )
    kubectl.chmod(0o755)
    monkeypatch.setattr(move, "CLUSTER", tmp_path)
    deployed = cast(Deployed, SimpleNamespace(api=SimpleNamespace(kubeconfig=tmp_path / "config")))
    move.run_steps(deployed, heading)
    assert (tmp_path / "log").read_text().count("chatdb-system") >= 1
    kubectl.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(AssertionError, match=heading):
        move.run_steps(deployed, heading)


def test_page_without_commands() -> None:
    """A heading that was renamed is a failure, too."""
    with pytest.raises(AssertionError, match="no commands below No such heading"):
        move.run_steps(cast(Deployed, None), "No such heading")
