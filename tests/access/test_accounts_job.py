"""The Job that makes accounts: however often it runs, and wherever it dies, the store ends as the catalogue says."""

import hashlib
import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.model import BucketAccess
from constructs_lib.resolve import resolve
from constructs_lib.resolved import ResolvedPlatform
from tests.access.store import JOB, RESOLVED, SECONDS, Keys, Store, scripts, serve
from tests.unit.scripts.job_scripts import PERMANENT

OK, DENIED = 200, 403
ENGINE, REGISTRY, DATABASE = "ml-engine", "model-registry", "postgres"
STEPS = 60
"""More than the requests of one run."""


@pytest.fixture(scope="module")
def server() -> Iterator[Store]:
    """One for all tests: each begins with what another has left."""
    with serve() as made:
        yield made


@pytest.fixture
def store(server: Store) -> Store:
    """As the Job leaves it."""
    server.run_job()
    return server


def with_buckets(accesses: Mapping[str, tuple[BucketAccess, ...]], *gone: str) -> ResolvedPlatform:
    """The platform whose components of these names have other accesses, and whose other buckets are fewer."""
    catalogue = RESOLVED.catalogue
    entries = (replace(one, buckets=accesses.get(one.name, one.buckets)) for one in catalogue.components)
    buckets = (one for one in catalogue.buckets if one.name not in gone)
    return resolve(replace(catalogue, components=tuple(entries), buckets=tuple(buckets), traits=()))


def without_database() -> ResolvedPlatform:
    """The platform whose database is not backed up any more."""
    catalogue = RESOLVED.catalogue
    settings = {name: text for name, text in catalogue.component(DATABASE).settings.items() if "BACKUP" not in name}
    entries = (
        replace(one, buckets=(), talks_to=(), settings=settings) if one.name == DATABASE else one
        for one in catalogue.components
    )
    return resolve(replace(catalogue, components=tuple(entries), traits=()))


def state(store: Store) -> tuple[dict[str, tuple[str, str]], dict[str, Any]]:
    """All accounts with their passwords and roles, and the policies of all buckets."""
    server = administrator(store)
    known = {name: (one.password, one.role) for name, one in server.accounts().items()}
    return known, {bucket: server.policy(bucket) for bucket in server.buckets()}


def administrator(store: Store) -> Any:
    """The store as the Job's script sees it."""
    accounts, buckets = scripts()
    return accounts.Server(f"http://127.0.0.1:{store.port}", buckets.Keys(*store.root), SECONDS)


def may_list(store: Store, keys: Keys, bucket: str) -> bool:
    """Whether these keys list the bucket; they are denied it otherwise."""
    status = store.ask(keys, "GET", f"/{bucket}?list-type=2").status
    assert status in (OK, DENIED)
    return status == OK


def may_put(store: Store, keys: Keys, bucket: str) -> bool:
    """Whether these keys put an object there."""
    return store.ask(keys, "PUT", f"/{bucket}/made", body=b"content").status == OK


def test_second_run_changes_nothing(store: Store) -> None:
    """It only looks: the file of the accounts is not written again."""
    before, file = state(store), store.folder / "data/.iam/users.json"
    written = file.stat().st_mtime_ns
    said = store.run_job()
    assert {line.rpartition(": ")[2] for line in said.splitlines()} == {"exists"}
    assert (state(store), file.stat().st_mtime_ns) == (before, written)


def test_a_password_that_was_renewed(store: Store) -> None:
    """From the next run on the new one works, at once, and the old one does not; others keep theirs."""
    old, other = store.keys(ENGINE), store.keys(REGISTRY)
    (origin,) = (key for key in store.seen.values if key[1:] == (f"{JOB}-credentials", "ML_ENGINE_PASSWORD"))
    for key in [key for key, value in store.seen.values.items() if value == old[1]]:
        del store.seen.values[key]
    new = store.keys(ENGINE)
    assert (new[0], new[1]) == (old[0], store.seen.values[origin])
    assert new[1] != old[1]
    assert may_list(store, old, "datasets") and not may_list(store, new, "datasets")
    said = store.run_job()
    assert "account ml_engine: changed" in said and "account model_registry: exists" in said
    assert may_list(store, new, "datasets") and not may_list(store, old, "datasets")
    assert may_put(store, other, "model-artifacts")


def test_rights_that_the_catalogue_no_longer_gives(store: Store) -> None:
    """A write, a bucket, a user of the store, and a bucket of the catalogue: what is left works as before."""
    engine, registry, database = (store.keys(name) for name in (ENGINE, REGISTRY, DATABASE))
    assert may_put(store, registry, "model-artifacts") and may_list(store, database, "acme-backups")
    own = RESOLVED.catalogue.component(REGISTRY).buckets[0]
    fewer = {REGISTRY: (replace(own, write=False),), ENGINE: (BucketAccess(bucket="test"),)}
    store.run_job(with_buckets(fewer))
    assert not may_put(store, registry, "model-artifacts") and may_list(store, registry, "model-artifacts")
    assert not may_list(store, engine, "datasets") and may_list(store, engine, "test")
    said = store.run_job(without_database())
    assert "account postgres: removed" in said
    assert not may_list(store, database, "acme-backups")
    store.run_job(with_buckets({ENGINE: (BucketAccess(bucket="test"),)}, "datasets"))
    assert state(store)[1]["datasets"] is None
    assert not may_list(store, engine, "datasets")


def test_what_others_have_added(store: Store) -> None:
    """Accounts, roles and policies that are not in the catalogue: the Job says all that anybody but the root may do."""
    engine, clean = store.keys(ENGINE), state(store)
    intruder = ("in&truder", "intruders-own")
    account = "<Account><Access>in&amp;truder</Access><Secret>intruders-own</Secret><Role>admin</Role></Account>"
    assert store.ask(store.root, "PATCH", "/create-user", body=account.encode()).status == OK + 1
    role = b"<MutableProps><Role>admin</Role></MutableProps>"
    assert store.ask(store.root, "PATCH", "/update-user?access=ml_engine", body=role).status == OK
    assert store.ask(store.root, "PUT", "/others").status == OK
    for bucket in ("others", "datasets"):
        statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]}).encode()
        assert store.ask(store.root, "PUT", f"/{bucket}?policy", body=policy).status < DENIED
    assert may_list(store, intruder, "model-artifacts") and may_put(store, engine, "model-artifacts")
    assert store.ask(None, "GET", "/others").status == OK
    said = store.run_job()
    assert "account in&truder: removed" in said and "policy of others: removed" in said
    assert not may_list(store, intruder, "model-artifacts") and not may_put(store, engine, "model-artifacts")
    assert store.ask(None, "GET", "/others").status == store.ask(None, "GET", "/datasets").status == DENIED
    assert state(store) == (clean[0], {**clean[1], "others": None})


@pytest.mark.parametrize("sent", [False, True], ids=["before a request", "after one"])
def test_killed_at_any_step(store: Store, sent: bool) -> None:
    """Wherever it dies on the way from other rights to these, the next run ends where an undisturbed one does."""
    accounts, _ = scripts()
    wanted, access = state(store), access_of(store)
    other = accounts.Access({"old": "of-before", "ml_engine": "of-before"}, {"test": policy_of("old", "test")})
    for step in range(STEPS):
        accounts.grant(administrator(store), other)
        assert state(store) != wanted
        mortal = administrator(store)
        mortal._send = dying(mortal._send, step, sent=sent)
        try:
            accounts.grant(mortal, access)
        except KeyboardInterrupt:
            accounts.grant(administrator(store), access)
            assert state(store) == wanted
        else:
            assert state(store) == wanted
            break
    assert 10 < step < STEPS - 1


def dying(send: Callable[..., Any], step: int, *, sent: bool) -> Callable[..., Any]:
    """The same, which dies with a later request; with `sent` the server has that one."""
    left = itertools.count(step, -1)

    def last(*request: Any) -> Any:
        if next(left) > 0:
            return send(*request)
        if sent:
            send(*request)
        raise KeyboardInterrupt

    return last


def test_several_at_once() -> None:
    """On an empty store, and where each has to change all passwords."""
    with serve() as store:
        for _ in range(3):
            jobs = [store.start_job() for _ in range(4)]
            for job in jobs:
                with job:
                    _, complaints = job.communicate(timeout=SECONDS)
                    assert job.returncode == 0, complaints
            known, policies = state(store)
            assert known == {name: (password, "user") for name, password in access_of(store).passwords.items()}
            assert policies == access_of(store).policies
            for key in [key for key in store.seen.values if key[2].endswith("PASSWORD") and key[1].startswith(JOB)]:
                store.seen.values[key] = store.seen.values[key][::-1]


def access_of(store: Store) -> Any:
    """What the Job is told of accounts and policies."""
    accounts, _ = scripts()
    told = store.secrets(RESOLVED, JOB)
    plan = json.loads(plan_files(store)["accounts.json"])
    return accounts.Access({name: told[variable] for name, variable in plan["accounts"].items()}, plan["policies"])


def plan_files(store: Store) -> dict[str, str]:
    """The files in the Job's folder."""
    job: Any = store.platform(RESOLVED).component(JOB)
    return dict(job.folders[0].files)


def policy_of(name: str, bucket: str) -> dict[str, Any]:
    """Of one who may do everything there."""
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    statement = {"Effect": "Allow", "Principal": {"AWS": [name]}, "Action": ["s3:*"], "Resource": resources}
    return {"Version": "2012-10-17", "Statement": [statement]}


def run_by_hand(store: Store, folder: Path, files: dict[str, str], **told: str) -> subprocess.CompletedProcess[str]:
    """The Job with other files, or another environment."""
    for name, text in (plan_files(store) | files).items():
        (folder / name).write_text(text, encoding="utf-8")
    command = [sys.executable, *(str(folder / name) for name in ("accounts.py", "plan.json", "accounts.json"))]
    env = store.secrets(RESOLVED, JOB) | {"WAIT_SECONDS": "0"} | told
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)


@pytest.mark.parametrize(
    ("files", "told", "complaint"),
    [
        ({}, {"ML_ENGINE_PASSWORD": ""}, "ml_engine: ML_ENGINE_PASSWORD is not set"),
        ({"accounts.json": '{"accounts": {}, "policies": {"none": {}}}'}, {}, "bucket 'none' is not listed"),
        ({"accounts.json": "{}"}, {}, "bad plan"),
        ({"plan.json": "{}"}, {}, "bad plan"),
        ({}, {"AWS_SECRET_ACCESS_KEY": "wrong"}, "refuses the key pair"),
    ],
)
def test_what_somebody_has_to_correct(
    store: Store, tmp_path: Path, files: dict[str, str], told: dict[str, str], complaint: str
) -> None:
    """It says so, changes nothing, and is not tried again."""
    before = state(store)
    done = run_by_hand(store, tmp_path, files, **told)
    assert (done.returncode, complaint in done.stderr, "Traceback" in done.stderr) == (PERMANENT, True, False)
    assert state(store) == before


def test_store_that_is_away(store: Store, tmp_path: Path) -> None:
    """It may be there the next time."""
    plan = json.dumps(json.loads(plan_files(store)["plan.json"]) | {"endpoint": "http://127.0.0.1:1"})
    assert run_by_hand(store, tmp_path, {"plan.json": plan}).returncode == 1


SUITE = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
DOCUMENTATION = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
NOTHING = hashlib.sha256(b"").hexdigest()


def test_signature_of_a_query() -> None:
    """The published suite's case get-vanilla-empty-query-key, and the lifecycle example of the S3 documentation."""
    accounts, buckets = scripts()
    headers = {"host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z"}
    signed = accounts.authorization(buckets.Keys(*SUITE), "GET", "/?Param1=value1", headers, NOTHING, service="service")
    assert signed.endswith("=a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb")
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "x-amz-content-sha256": NOTHING,
        "x-amz-date": "20130524T000000Z",
    }
    signed = accounts.authorization(buckets.Keys(*DOCUMENTATION), "GET", "/?lifecycle", headers, NOTHING)
    assert signed.endswith("=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
