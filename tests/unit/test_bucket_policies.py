"""Policies of S3: what the catalogue says, as a document of each bucket and of each user, and nothing besides."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.components import CATALOGUE
from constructs_lib.bucket_policies import READ, WRITE, actions, of_bucket, of_component
from constructs_lib.model import BucketAccess, Component

NAMES = ("alpha", "beta", "gamma")
LARGEST = 4096
"""Bytes of all attributes of a file in ext4, where Versity S3 Gateway keeps a policy."""
ACCESSES = st.lists(
    st.builds(BucketAccess, bucket=st.sampled_from(NAMES), write=st.booleans()), unique_by=lambda own: own.bucket
)


def components(accesses: Mapping[str, tuple[BucketAccess, ...]]) -> list[Component]:
    """One of each name."""
    return [replace(CATALOGUE.component("ml-engine"), name=name, buckets=own) for name, own in accesses.items()]


def allowed(statements: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """(principal, action, resource) of each; an object's resource ends in /*."""
    for one in statements:
        assert one["Effect"] == "Allow"
        for principal in one.get("Principal", {"AWS": [""]})["AWS"]:
            for action in one["Action"]:
                yield from ((principal, action, resource) for resource in one["Resource"])


@given(st.dictionaries(st.sampled_from(["one", "two-b", "three"]), ACCESSES.map(tuple)))
def test_both_forms_say_what_the_catalogue_says(accesses: dict[str, tuple[BucketAccess, ...]]) -> None:
    """The policies of all buckets allow each component what its own policy does, which is what its entry says."""
    every = components(accesses)
    policies = [policy for name in NAMES if (policy := of_bucket(name, every))]
    of_buckets = {triple for policy in policies for triple in allowed(policy["Statement"])}
    wanted = set()
    for one in every:
        for own in one.buckets:
            arn = f"arn:aws:s3:::{own.bucket}"
            on = {action: arn if "ListBucket" in action else f"{arn}/*" for action in actions(own)}
            wanted |= {(one.role, action, resource) for action, resource in on.items()}
        mine = {(one.role, action, resource) for _, action, resource in allowed(of_component(one)["Statement"])}
        assert mine == {triple for triple in of_buckets if triple[0] == one.role}
    assert of_buckets == wanted


def test_nobody_and_everybody() -> None:
    """A bucket that nobody uses has no policy, and one that fifty use has one that a server can keep."""
    assert of_bucket("alpha", components({"one": (BucketAccess(bucket="beta"),)})) is None
    many = components({f"service-{number}": (BucketAccess(bucket="alpha", write=True),) for number in range(50)})
    assert len(json.dumps(of_bucket("alpha", many), separators=(",", ":"))) < LARGEST


@pytest.mark.parametrize("write", [False, True])
def test_writing_is_more(write: bool) -> None:
    """Whoever writes reads, too; nobody administers."""
    granted = actions(BucketAccess(bucket="alpha", write=write))
    assert {*granted} == {*READ, *(WRITE if write else ())}
    assert not [action for action in granted if "*" in action or "Policy" in action or "Acl" in action]
