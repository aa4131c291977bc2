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
    readers = sorted(one.role for one in components for own in one.buckets if own.bucket == bucket)
    writers = sorted(one.role for one in components for own in one.buckets if own.bucket == bucket and own.write)
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": principals}, **statement}
        for principals, allowed in ((readers, READ), (writers, WRITE))
        for statement in _statements(bucket, allowed)
        if principals
    ]
    return {"Version": VERSION, "Statement": statements} if statements else None


def of_component(component: Component) -> Mapping[str, Any]:
    """The policy of the component itself, for servers that attach policies to users."""
    statements = [
        {"Effect": "Allow", **statement}
        for access in component.buckets
        for statement in _statements(access.bucket, actions(access))
    ]
    return {"Version": VERSION, "Statement": statements}


def _statements(bucket: str, allowed: Iterable[str]) -> Iterator[Statement]:
    """One for the bucket and one for its objects: a server refuses an action beside a resource that it is not about."""
    names = list(allowed)
    resource = f"arn:aws:s3:::{bucket}"
    yield {"Action": [name for name in names if name in OF_BUCKETS], "Resource": resource}
    yield {"Action": [name for name in names if name not in OF_BUCKETS], "Resource": f"{resource}/*"}
