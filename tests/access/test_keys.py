"""Whose key is in which Secret: with versitygw the root's is in no consumer's, whatever the platform."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hypothesis import given, settings

from constructs_lib.model import Catalogue
from constructs_lib.render import render
from constructs_lib.resolve import resolve, varied
from constructs_lib.resolved import ResolvedComponent, ResolvedPlatform
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
