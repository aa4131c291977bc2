"""Whose key is in which Secret: with versitygw the root's is in no consumer's, whatever the platform."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hypothesis import given, settings

from chatdb.local.site import complete
from constructs_lib.model import Catalogue
from constructs_lib.render import render
from constructs_lib.resolve import resolve, varied
from constructs_lib.resolved import ResolvedComponent, ResolvedPlatform
from constructs_lib.types.credentials.files import credentials
from tests.access.store import JOB, RESOLVED, STORE
from tests.properties.catalogues import catalogues
from tests.repository import PLATFORM

TRAIT = "object-store-versitygw"
REFERENCE = re.compile(r"\$\{([^/}]+)/([^/}]+)/([^/}]+)\}")
EXAMPLES = 25


def origins(component: ResolvedComponent) -> set[tuple[str, str]]:
    """(Secret, key) of each random value that the component's Secrets have or repeat."""
    own = {(secret.name, key) for secret in component.secrets for key in secret.origin}
    texts = (text for secret in component.secrets for text in secret.derived.values())
    return own | {(name, key) for text in texts for _, name, key in REFERENCE.findall(text)}


def knows_the_root(platform: ResolvedPlatform) -> set[str]:
    """The components in whose Secrets the store's own key is."""
    return {one.name for one in platform.components if f"{STORE}-credentials" in {name for name, _ in origins(one)}}


@settings(max_examples=EXAMPLES)
@given(catalogues())
def test_root_key_is_in_no_consumers_secret(catalogue: Catalogue) -> None:
    """Only the server and the Job have it; each consumer's password is in its Secret and in the Job's alone."""
    platform = varied(resolve(catalogue), [TRAIT])
    assert knows_the_root(platform) == {STORE, JOB}
    entries = [one for one in platform.catalogue.components if one.buckets]
    for entry in entries:
        key = (f"{JOB}-credentials", entry.password_key)
        assert {one.name for one in platform.components if key in origins(one)} == {entry.name, JOB}
        named = [
            secret for secret in platform.component(entry.name).secrets if secret.name == f"{entry.name}-versitygw"
        ]
        assert [secret.keys for secret in named] == [("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")]


def test_default_keeps_the_root_key() -> None:
    """What docs/security.md says plainly: of the base every consumer has it."""
    consumers = {one.name for one in PLATFORM.catalogue.components if one.buckets}
    assert knows_the_root(PLATFORM) == {STORE, JOB, *consumers}


def test_backups_have_a_key_of_their_own() -> None:
    """The database's own Secret keeps what the operator reads there."""
    secrets = {secret.name: secret.keys for secret in RESOLVED.component("postgres").secrets}
    assert secrets["postgres-versitygw"] == ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    assert secrets["postgres-credentials"] == ("POSTGRES_PASSWORD", "password", "username")
    assert knows_the_root(RESOLVED) == {STORE, JOB}


def test_objects_name_no_other_secret() -> None:
    """Of what is rendered, each component's objects name its own Secrets alone; the credentials Job makes all."""
    owners = {secret.name: one.name for one in RESOLVED.components for secret in one.secrets}
    named = {
        (name, text)
        for (_, name), objects in render(RESOLVED).charts.items()
        for text in texts(objects)
        if text in owners and name != "credentials"
    }
    assert {secret for _, secret in named} == owners.keys()
    assert [pair for pair in sorted(named) if owners[pair[1]] != pair[0]] == []


def texts(value: Any) -> Iterator[str]:
    """All in the value, and in what is in it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for part in value.values() for text in texts(part))
    elif isinstance(value, Sequence):
        yield from (text for part in value for text in texts(part))


def plans(platform: ResolvedPlatform) -> tuple[credentials.Plan, ...]:
    """What the credentials Job is told."""
    return tuple(credentials.Plan(one.namespace, one.name, one.origin, one.derived) for one in platform.secrets)


def within(seen: credentials.Seen, *names: str) -> dict[credentials.Key, str]:
    """What is in the Secrets of these names."""
    return {key: value for key, value in seen.values.items() if key[1] in names}


def test_trait_in_a_live_environment() -> None:
    """With the Secrets of the base there, nothing is refused or changed, and new ones are made; so on the way back."""
    own = ("ml-engine-versitygw", "model-registry-versitygw")
    seen = credentials.Seen()
    complete(PLATFORM, seen)
    before, live = dict(seen.values), varied(PLATFORM, [TRAIT])
    assert credentials.refusals(plans(live), seen) == []
    complete(live, seen)
    assert {key: seen.values[key] for key in before} == before
    assert {key[1] for key in within(seen, *own)} == {*own}
    root = before["chatdb-system", f"{STORE}-credentials", "MINIO_ROOT_PASSWORD"]
    assert root not in within(seen, *own).values()
    assert credentials.refusals(plans(PLATFORM), seen) == []


def test_renewed_password() -> None:
    """As docs/traits.md says: the Job's key and the consumer's Secret together; one of them alone is refused."""
    platform, seen = varied(PLATFORM, [TRAIT]), credentials.Seen()
    complete(platform, seen)
    old = within(seen, "ml-engine-versitygw")
    del seen.values["chatdb-system", f"{JOB}-credentials", "ML_ENGINE_PASSWORD"]
    (refusal,) = credentials.refusals(plans(platform), seen)
    assert "or delete chatdb-services/ml-engine-versitygw" in refusal
    for key in old:
        del seen.values[key]
    assert credentials.refusals(plans(platform), seen) == []
    complete(platform, seen)
    new = within(seen, "ml-engine-versitygw")
    assert [key[2] for key in new if new[key] != old[key]] == ["AWS_SECRET_ACCESS_KEY"]
