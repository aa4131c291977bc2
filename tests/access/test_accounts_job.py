"""The Job that makes accounts: however often it runs, and wherever it dies, the store ends as the catalogue says."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.model import BucketAccess
from constructs_lib.resolve import resolve
from constructs_lib.resolved import ResolvedPlatform
from tests.access.store import JOB, RESOLVED, SECONDS, Keys, Store, scripts, serve

OK, DENIED = 200, 403
ENGINE, REGISTRY, DATABASE = "ml-engine", "model-registry", "postgres"
CHANGES = 10
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
    before, file = store.state(), store.folder / "data/.iam/users.json"
    written = file.stat().st_mtime_ns
    said = store.run_job()
    assert {line.rpartition(": ")[2] for line in said.splitlines()} == {"exists"}
    assert (store.state(), file.stat().st_mtime_ns) == (before, written)


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
    assert store.state()[1]["datasets"] is None
    assert not may_list(store, engine, "datasets")


def test_what_others_have_added(store: Store) -> None:
    """Accounts, roles and policies that are not in the catalogue: the Job says all that anybody but the root may do."""
    engine, clean = store.keys(ENGINE), store.state()
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
    assert store.state() == (clean[0], {**clean[1], "others": None})


def test_what_is_taken_away_is_gone_at_once(store: Store) -> None:
    """However often an account changes that is in use; with the server's cache that was not always so."""
    engine, registry, server = store.keys(ENGINE), store.keys(REGISTRY), store.administrator()
    role = b"<MutableProps><Role>admin</Role></MutableProps>"
    for _ in range(CHANGES):
        assert store.ask(store.root, "PATCH", "/update-user?access=ml_engine", body=role).status == OK
        assert may_put(store, engine, "model-artifacts") and may_put(store, registry, "model-artifacts")
        server.change_account(*engine)
        assert not may_put(store, engine, "model-artifacts") and may_list(store, engine, "datasets")


@pytest.mark.parametrize("sent", [False, True], ids=["before a request", "after one"])
def test_killed_at_any_step(store: Store, sent: bool) -> None:
    """Wherever it dies on the way from other rights to these, the next run ends where an undisturbed one does."""
    accounts, _ = scripts()
    wanted, access = store.state(), store.access()
    other = accounts.Access({"old": "of-before", "ml_engine": "of-before"}, {"test": policy_of("old", "test")})
    for step in range(STEPS):
        accounts.grant(store.administrator(), other)
        assert store.state() != wanted
        mortal = store.administrator()
        mortal._send = dying(mortal._send, step, sent=sent)
        try:
            accounts.grant(mortal, access)
        except KeyboardInterrupt:
            accounts.grant(store.administrator(), access)
            assert store.state() == wanted
        else:
            assert store.state() == wanted
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
            known, policies = store.state()
            assert known == {name: (password, "user") for name, password in store.access().passwords.items()}
            assert policies == store.access().policies
            for key in [key for key in store.seen.values if key[2].endswith("PASSWORD") and key[1].startswith(JOB)]:
                store.seen.values[key] = store.seen.values[key][::-1]


def policy_of(name: str, bucket: str) -> dict[str, Any]:
    """Of one who may do everything there."""
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    statement = {"Effect": "Allow", "Principal": {"AWS": [name]}, "Action": ["s3:*"], "Resource": resources}
    return {"Version": "2012-10-17", "Statement": [statement]}
