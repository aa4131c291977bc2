"""credentials.py makes Secrets once, completes what a killed run left, and refuses to lock data out."""

import copy
import json
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.unit.scripts.fake_kubernetes import FakeKubernetes
from tests.unit.scripts.job_scripts import PERMANENT, run, start

SCRIPT = "credentials/files/credentials.py"
SYSTEM, SERVICES = "chatdb-system", "chatdb-services"
PLAN: dict[str, Any] = {
    "secrets": [
        {
            "namespace": SERVICES,
            "name": "model-registry-credentials",
            "derived": {
                "DATABASE_URL": "postgresql://model_registry:${chatdb-system/postgres-schema-credentials/"
                "MODEL_REGISTRY_PASSWORD}@postgres.chatdb-system.svc.cluster.local:5432/training_db",
                "AWS_ACCESS_KEY_ID": "${chatdb-system/minio-credentials/MINIO_ROOT_USER}",
            },
        },
        {
            "namespace": SYSTEM,
            "name": "postgres-credentials",
            "origin": {"POSTGRES_PASSWORD": "password"},
            "guard_pvc": "data-postgres-0",
        },
        {
            "namespace": SYSTEM,
            "name": "minio-credentials",
            "origin": {"MINIO_ROOT_USER": "user", "MINIO_ROOT_PASSWORD": "password"},
        },
        {
            "namespace": SYSTEM,
            "name": "postgres-schema-credentials",
            "origin": {"MODEL_REGISTRY_PASSWORD": "password"},
            "derived": {"PGPASSWORD": "${chatdb-system/postgres-credentials/POSTGRES_PASSWORD}"},
        },
    ]
}
POSTGRES = f"{SYSTEM}/postgres-credentials/POSTGRES_PASSWORD"
REGISTRY = f"{SERVICES}/model-registry-credentials"
WRITES = 5


def write_plan(directory: Path, plan: object = PLAN) -> Path:
    """The plan as the ConfigMap brings it."""
    path = directory / "plan.json"
    path.write_text(json.dumps(plan))
    return path


def apply(
    kubernetes: FakeKubernetes, tmp_path: Path, plan: object = PLAN, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run the Job; whatever it does, its log must show no value of any Secret."""
    done = run(SCRIPT, write_plan(tmp_path, plan), kubernetes.directory, env=kubernetes.env | env)
    check_log(kubernetes, done.stdout + done.stderr)
    return done


def check_log(kubernetes: FakeKubernetes, text: str) -> None:
    """No value of a Secret is in the text."""
    assert not [key for key, value in kubernetes.values().items() if value in text]
    assert "Traceback" not in text


def check_complete(kubernetes: FakeKubernetes) -> None:
    """Every key of PLAN is there and what derives fits its origin."""
    values = kubernetes.values()
    password = values[f"{SYSTEM}/postgres-schema-credentials/MODEL_REGISTRY_PASSWORD"]
    host = "postgres.chatdb-system.svc.cluster.local"
    assert values[f"{REGISTRY}/DATABASE_URL"] == f"postgresql://model_registry:{password}@{host}:5432/training_db"
    assert values[f"{REGISTRY}/AWS_ACCESS_KEY_ID"] == values[f"{SYSTEM}/minio-credentials/MINIO_ROOT_USER"]
    assert values[f"{SYSTEM}/postgres-schema-credentials/PGPASSWORD"] == values[POSTGRES]
    assert len(values) == 7


def test_first_run_makes_all(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    """An empty cluster gets every Secret, typed, labelled, random, by the four calls that the Roles allow."""
    done = apply(kubernetes, tmp_path)
    assert done.returncode == 0, done.stderr
    check_complete(kubernetes)
    secret = kubernetes.objects["secrets", SYSTEM, "postgres-credentials"]
    assert secret["type"] == "Opaque"
    assert secret["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "chatdb-credentials"}
    values = kubernetes.values()
    assert len(values[POSTGRES]) == 40 and values[POSTGRES].isalnum()
    assert 3 <= len(values[f"{SYSTEM}/minio-credentials/MINIO_ROOT_USER"]) <= 20
    asked = {(verb, kind, bool(name)) for verb, kind, _, name in kubernetes.requests}
    named = [(verb, "secrets", True) for verb in ("get", "patch")]
    assert asked == {*named, ("create", "secrets", False), ("get", "persistentvolumeclaims", True)}


def test_second_run_changes_nothing(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    """Running again writes nothing, with the data of the first run in its claim."""
    apply(kubernetes, tmp_path)
    kubernetes.add_claim(SYSTEM, "data-postgres-0")
    before = copy.deepcopy(kubernetes.objects)
    done = apply(kubernetes, tmp_path)
    assert (done.returncode, done.stdout) == (0, "all 4 Secrets are complete\n")
    assert kubernetes.objects == before
    assert kubernetes.writes == WRITES


@pytest.mark.parametrize("survived", range(1, WRITES + 1))
def test_killed_after_a_write(kubernetes: FakeKubernetes, tmp_path: Path, survived: int) -> None:
    """Wherever a run is killed, the next one completes it and keeps what was written."""
    plan = write_plan(tmp_path)
    written = threading.Event()
    killed = threading.Event()

    def kill_here(number: int) -> None:
        if number == survived:
            written.set()
            killed.wait(10)

    kubernetes.after_write = kill_here
    with start(SCRIPT, plan, kubernetes.directory, env=kubernetes.env) as process:
        assert written.wait(10)
        process.kill()
        killed.set()
    before = kubernetes.values()
    assert apply(kubernetes, tmp_path).returncode == 0
    check_complete(kubernetes)
    assert before.items() <= kubernetes.values().items()


def test_two_at_once_agree(kubernetes: FakeKubernetes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two Jobs that both saw an empty cluster end with one set of values."""
    plan, answer = write_plan(tmp_path), kubernetes.answer
    wanted = [("get", "secrets", one["namespace"], one["name"]) for one in PLAN["secrets"]]

    def not_before_both_have_read(method: str, *request: Any) -> tuple[int, dict[str, Any]]:
        """Who is first is to try again, however long the other one takes."""
        early = method != "GET" and any(kubernetes.requests.count(one) < 2 for one in wanted)
        return (503, {}) if early else answer(method, *request)

    monkeypatch.setattr(kubernetes, "answer", not_before_both_have_read)
    line = (SCRIPT, plan, kubernetes.directory)
    env = {**kubernetes.env, "WAIT_SECONDS": "100"}
    with start(*line, env=env) as one, start(*line, env=env) as other:
        logs = [text for process in (one, other) for text in process.communicate(timeout=120)]
        assert (one.returncode, other.returncode) == (0, 0), logs
    check_complete(kubernetes)
    check_log(kubernetes, "".join(logs))
    assert "looking again" in "".join(logs)


def test_added_key_joins_existing_secret(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    """A key that the catalogue gains is added; what was there stays."""
    apply(kubernetes, tmp_path)
    before = kubernetes.values()
    plan = copy.deepcopy(PLAN)
    plan["secrets"][3]["origin"]["TRAINING_ORCHESTRATOR_PASSWORD"] = "password"
    assert apply(kubernetes, tmp_path, plan).returncode == 0
    added = kubernetes.values().keys() - before.keys()
    assert added == {f"{SYSTEM}/postgres-schema-credentials/TRAINING_ORCHESTRATOR_PASSWORD"}
    assert before.items() <= kubernetes.values().items()


def test_deleted_derived_secret_returns(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    """A service's Secret that was deleted is made again with the same values."""
    apply(kubernetes, tmp_path)
    before = kubernetes.values()
    del kubernetes.objects["secrets", SERVICES, "model-registry-credentials"]
    assert apply(kubernetes, tmp_path).returncode == 0
    assert kubernetes.values() == before


def test_deleted_origin_is_refused(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    """A new origin would not fit what was made with the old one: refuse, say what to do, and write nothing."""
    apply(kubernetes, tmp_path)
    del kubernetes.objects["secrets", SYSTEM, "minio-credentials"]
    kubernetes.delete_key(SERVICES, "model-registry-credentials", "DATABASE_URL")
    before = copy.deepcopy(kubernetes.objects)
    done = apply(kubernetes, tmp_path)
    assert done.returncode == PERMANENT
    assert f"{REGISTRY} was made with it: restore {SYSTEM}/minio-credentials" in done.stderr
    assert kubernetes.objects == before


@pytest.mark.parametrize("whole", [True, False], ids=["secret", "key"])
def test_claim_guards_its_password(kubernetes: FakeKubernetes, tmp_path: Path, whole: bool) -> None:
    """No new database password while the data directory exists that was made with the old one."""
    kubernetes.add_claim(SYSTEM, "data-postgres-0")
    if not whole:
        metadata = {"name": "postgres-credentials", "resourceVersion": "1"}
        kubernetes.objects["secrets", SYSTEM, "postgres-credentials"] = {"metadata": metadata, "data": {}}
    done = apply(kubernetes, tmp_path)
    assert done.returncode == PERMANENT
    assert "restore chatdb-system/postgres-credentials or delete the claim" in done.stderr
    assert kubernetes.writes == 0


def test_secret_made_between_two_looks_is_no_refusal(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    """Another Job and the StatefulSet may finish while we read: the second look finds all in order."""
    apply(kubernetes, tmp_path)
    kubernetes.add_claim(SYSTEM, "data-postgres-0")
    late = {at: kubernetes.objects.pop(at) for at in list(kubernetes.objects) if at[2] == "postgres-credentials"}
    answer = kubernetes.answer

    def answer_late(method: str, path: str, headers: Any, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        result = answer(method, path, headers, body)
        if path.endswith("data-postgres-0"):
            kubernetes.objects.update(late)
        return result

    kubernetes.answer = answer_late  # type: ignore[method-assign]
    assert apply(kubernetes, tmp_path).returncode == 0
    check_complete(kubernetes)


def test_value_set_by_hand_is_kept_and_escaped(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    """A password of one's own stays as it is, is escaped inside a URL, and drift is told."""
    apply(kubernetes, tmp_path)
    secret = kubernetes.objects["secrets", SYSTEM, "postgres-schema-credentials"]
    secret["data"]["MODEL_REGISTRY_PASSWORD"] = "cEBzcw=="
    done = apply(kubernetes, tmp_path)
    assert done.returncode == 0
    assert f"warning: DATABASE_URL of {REGISTRY} differs from the plan and is kept" in done.stdout
    del kubernetes.objects["secrets", SERVICES, "model-registry-credentials"]
    apply(kubernetes, tmp_path)
    assert "model_registry:p%40ss@postgres" in kubernetes.values()[f"{REGISTRY}/DATABASE_URL"]


@pytest.mark.parametrize(
    ("verb", "kind", "advice"),
    [
        ("get", "secrets", "Role in namespace chatdb-system must allow get on secrets with resourceName"),
        ("create", "secrets", "Role in namespace chatdb-system must allow create on secrets ("),
        ("get", "persistentvolumeclaims", "allow get on persistentvolumeclaims with resourceName data-postgres-0"),
    ],
)
def test_missing_access_names_the_rule(
    kubernetes: FakeKubernetes, tmp_path: Path, verb: str, kind: str, advice: str
) -> None:
    """A Role that lacks a rule is no transient error, and the log says which rule."""
    kubernetes.denied = {(verb, kind, SYSTEM)}
    done = apply(kubernetes, tmp_path)
    assert done.returncode == PERMANENT
    assert advice in done.stderr


def test_token_that_is_refused(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    """401 is permanent too: the pod needs another service account."""
    directory = tmp_path / "account"
    directory.mkdir()
    (directory / "ca.crt").write_bytes((kubernetes.directory / "ca.crt").read_bytes())
    (directory / "token").write_text("stale")
    done = run(SCRIPT, write_plan(tmp_path), directory, env=kubernetes.env)
    assert done.returncode == PERMANENT, done.stderr


def test_errors_of_the_server_are_waited_out(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    """500, 503 and 429 are tried again within the bounded wait."""
    kubernetes.faults = [500, 503, 429]
    assert apply(kubernetes, tmp_path, WAIT_SECONDS="20").returncode == 0
    check_complete(kubernetes)


def test_errors_that_last_are_transient(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    """When the wait is over the Job fails with 1, so that Kubernetes starts it again."""
    kubernetes.faults = [503] * 100
    done = apply(kubernetes, tmp_path, WAIT_SECONDS="0.5")
    assert done.returncode == 1
    assert "503" in done.stderr


def test_no_connection_is_transient(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    """Nobody listens: fail with 1."""
    done = apply(kubernetes, tmp_path, KUBERNETES_SERVICE_PORT="1")
    assert done.returncode == 1


def test_outside_a_pod(tmp_path: Path) -> None:
    """Without a service account there is nothing to try again."""
    done = run(SCRIPT, write_plan(tmp_path), env={})
    assert done.returncode == PERMANENT
    assert "automountServiceAccountToken" in done.stderr


def entry(**changes: object) -> dict[str, object]:
    """A plan of one Secret."""
    return {"secrets": [{"namespace": "one", "name": "a", **changes}]}


@pytest.mark.parametrize(
    ("plan", "problem"),
    [
        ([], "bad plan"),
        ({}, "KeyError: 'secrets'"),
        (entry(typo={}), "typo"),
        (entry(name="A_B"), "bad name 'A_B'"),
        (entry(origin=["A"]), "bad plan"),
        (entry(origin={"A/B": "password"}), "bad key 'A/B'"),
        (entry(origin={"A": "number"}), "A is neither of password, user"),
        (entry(origin={"A": "user"}, derived={"A": "x"}), "A is origin and derived"),
        (entry(derived={"A": "${one/a/B}"}), "A needs one/a/B, which is no origin"),
        (entry(derived={"A": "${B}"}), "A has a reference that is not ${namespace/secret/key}"),
        ({"secrets": [*entry()["secrets"], *entry()["secrets"]]}, "one/a is listed twice"),  # type: ignore[misc]
    ],
)
def test_bad_plan(kubernetes: FakeKubernetes, tmp_path: Path, plan: object, problem: str) -> None:
    """A plan that is wrong is refused before the cluster is asked anything."""
    done = apply(kubernetes, tmp_path, plan)
    assert done.returncode == PERMANENT
    assert problem in done.stderr
    assert kubernetes.requests == []


def test_no_plan(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    """A missing file and wrong usage are permanent."""
    assert run(SCRIPT, tmp_path / "none.json", kubernetes.directory, env=kubernetes.env).returncode == PERMANENT
    assert run(SCRIPT, env=kubernetes.env).returncode == PERMANENT
