"""What accesses to buckets are as policies of S3: exactly what a component does with the objects of a bucket."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from constructs_lib.model import BucketAccess, Component

VERSION = "2012-10-17"
"""Of the policy language: the only one that S3 servers have in common."""
READ = ("s3:ListBucket", "s3:GetObject")
WRITE = ("s3:ListBucketMultipartUploads", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")
OF_BUCKETS = frozenset({"s3:ListBucket", "s3:ListBucketMultipartUploads"})
"""Actions on a bucket; the others are on its objects."""
Statement = dict[str, Any]


def actions(access: BucketAccess) -> tuple[str, ...]:
    """All that it allows."""
    return (*READ, *WRITE) if access.write else READ


def of_bucket(bucket: str, components: Iterable[Component]) -> Mapping[str, Any] | None:
    """The policy of a bucket, whose principals are roles of the components; None where nobody uses the bucket.

    It grows by names alone: a server may have little room for it.
    """
    accesses = [(one.role, own) for one in components for own in one.buckets if own.bucket == bucket]
    readers = sorted(role for role, _ in accesses)
    writers = sorted(role for role, own in accesses if own.write)
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": principals}, **statement}
        for principals, allowed in ((readers, READ), (writers, WRITE))
        for statement in _statements([bucket], allowed)
        if principals
    ]
    return {"Version": VERSION, "Statement": statements} if statements else None


def of_component(component: Component) -> Mapping[str, Any]:
    """The policy of the component itself, for servers that attach policies to users."""
    readable = [own.bucket for own in component.buckets]
    writable = [own.bucket for own in component.buckets if own.write]
    statements = [
        {"Effect": "Allow", **statement}
        for buckets, allowed in ((readable, READ), (writable, WRITE))
        for statement in _statements(buckets, allowed)
        if buckets
    ]
    return {"Version": VERSION, "Statement": statements}


def _statements(buckets: Iterable[str], allowed: Iterable[str]) -> Iterator[Statement]:
    """One for buckets and one for objects: a server refuses an action beside a resource that it is not about."""
    names, resources = list(allowed), [f"arn:aws:s3:::{bucket}" for bucket in buckets]
    yield {"Action": [name for name in names if name in OF_BUCKETS], "Resource": resources}
    yield {"Action": [name for name in names if name not in OF_BUCKETS], "Resource": [f"{one}/*" for one in resources]}
