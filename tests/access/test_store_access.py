"""What each consumer of the object store may do with its own key: exactly what the catalogue says, on a real server."""

from collections.abc import Iterator

import pytest

from constructs_lib import bucket_policies
from tests.access.calls import (
    CALLS,
    GET,
    NOBODY,
    OF_BUCKETS,
    OF_OBJECTS,
    UNKNOWN,
    Call,
    Places,
    answers,
    asked,
    denied,
    succeeded,
)
from tests.access.store import RESOLVED, Keys, Store, serve

CONSUMERS = tuple(one.name for one in RESOLVED.catalogue.components if one.buckets)
UNUSED = "unused"
"""A bucket that the catalogue does not have."""
BUCKETS = (*(bucket.name for bucket in RESOLVED.catalogue.buckets), UNUSED)
OK, BAD_NAME, DENIED = 200, 400, 403


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """One as the Job leaves it, and a bucket that somebody has made besides."""
    with serve() as made:
        made.run_job()
        assert made.ask(made.root, "PUT", f"/{UNUSED}").status == OK
        yield made


def granted(name: str, bucket: str) -> frozenset[str]:
    """The actions that the catalogue allows the component there."""
    accesses = RESOLVED.catalogue.component(name).buckets
    return frozenset(action for own in accesses if own.bucket == bucket for action in bucket_policies.actions(own))


def allowed(name: str, call: Call, bucket: str, source: str) -> bool:
    """Whether the catalogue allows the call."""
    reads = not call.copies or GET in granted(name, source)
    return reads and {*call.actions} <= granted(name, bucket)


@pytest.mark.parametrize("name", CONSUMERS)
def test_exactly_what_the_catalogue_says(store: Store, name: str) -> None:
    """Each allowed call works, and each other one is denied, on every bucket and with every source of a copy."""
    keys, wrong, worked = store.keys(name), [], set()
    for call, place, answer in answers(store, keys, BUCKETS):
        good = allowed(name, call, place.bucket, place.source)
        if not (succeeded(answer) if good else denied(answer)):
            wrong.append((call.name, place.bucket, place.source, answer.status, answer.body[:200]))
        worked |= {call.name} if good else set()
    assert wrong == []
    actions = frozenset(action for own in BUCKETS for action in granted(name, own))
    assert worked == {call.name for call in CALLS if {*call.actions} <= actions}
    assert store.ask(keys, "GET", "/").body.count("<Name>") == 0


def test_every_action_is_tried() -> None:
    """An action of which no call is known would be given away unseen."""
    tried = {action for call in CALLS for action in call.actions}
    assert tried == {*bucket_policies.READ, *bucket_policies.WRITE, NOBODY}
    assert {"ml-engine", "model-registry", "postgres"} <= {*CONSUMERS}
    assert granted("ml-engine", "test") == granted("ml-engine", "datasets") == {*bucket_policies.READ}
    assert granted("ml-engine", "model-artifacts") == granted("model-registry", "datasets") == frozenset()


def test_calls_are_what_a_server_takes(store: Store) -> None:
    """The root is never denied: what a consumer is denied is a right, and no mistake of the request."""
    statuses, places = {}, Places(store)
    for number, call in enumerate((*OF_BUCKETS, *OF_OBJECTS)):
        # What a call has set would be there for the next one.
        bucket = f"scratch-{number}"
        assert store.ask(store.root, "PUT", f"/{bucket}").status == OK
        answer = asked(store, store.root, call, places(bucket, UNUSED))
        assert succeeded(answer) or NOBODY in call.actions, (call.name, answer)
        statuses[call.name] = answer.status
    assert DENIED not in statuses.values()
    # Of some settings a server of S3 need not know.
    assert sum(status == UNKNOWN for status in statuses.values()) < len(statuses) / 3


@pytest.mark.parametrize("who", ["nobody", "a wrong secret", "an account that is not there", "another's secret"])
def test_whoever_has_no_key(store: Store, who: str) -> None:
    """May do nothing at all."""
    name, secret = store.keys("model-registry")
    own: dict[str, Keys | None] = {
        "nobody": None,
        "a wrong secret": (name, secret[::-1]),
        "an account that is not there": ("nobody", secret),
        "another's secret": (store.keys("ml-engine")[0], secret),
    }
    every = answers(store, own[who], ("model-artifacts", "datasets"))
    assert [(call.name, place.bucket, answer.status) for call, place, answer in every if succeeded(answer)] == []


HIDDEN = (".iam", "%2eiam", "./.iam", "datasets/../.iam", "datasets//../.iam", "datasets/..%2f.iam", "test/%2e%2e/.iam")


@pytest.mark.parametrize("path", HIDDEN)
def test_accounts_are_no_objects(store: Store, path: str) -> None:
    """The file with all secrets is on the store's volume, and no request leads to it, not even the root's."""
    assert "ml_engine" in (store.folder / "data/.iam/users.json").read_text(encoding="utf-8")
    for keys in (store.root, store.keys("ml-engine"), None):
        for target in (f"/{path}/users.json", f"/{path}", f"/{path}?list-type=2"):
            answer = store.ask(keys, "GET", target)
            assert answer.status >= BAD_NAME, (target, answer)
            assert "ml_engine" not in answer.body
    assert store.ask(store.root, "GET", "/").body.count(".iam") == 0
