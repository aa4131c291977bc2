"""S3: a client that gives up soon, so that a store that is down is an answer and no hang."""

from typing import TYPE_CHECKING, Any

import boto3
from botocore import exceptions
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chatdb_common.settings import ObjectStoreSettings
from chatdb_common.timeouts import CONNECT_SECONDS, WAIT_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FIRST_FAULT = 500
TRANSFER_SECONDS = 20.0
"""For the next bytes, or the answer to some: a store with much to do takes its time to put an object together."""
TRANSFER_ATTEMPTS = 3


class StoreDown(BotoCoreError):
    """The store answered that it is in trouble, also after some tries."""

    fmt = "the object store answers with status {status}"


TRANSIENT = (exceptions.ConnectionError, exceptions.HTTPClientError, exceptions.IncompleteReadError, StoreDown)
"""Errors that pass: the store is down or too busy."""
MISSING = {"NoSuchKey", "NoSuchBucket", "404", "NotFound"}
__all__ = [
    "TRANSIENT",
    "BotoCoreError",
    "ClientError",
    "StoreDown",
    "check",
    "connect",
    "connect_for_requests",
    "is_missing",
]


def connect(
    settings: ObjectStoreSettings, *, seconds: float = TRANSFER_SECONDS, attempts: int = TRANSFER_ATTEMPTS
) -> "S3Client":
    """A client for objects, to be shared by threads; nothing is asked of the store here."""
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=seconds,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        max_pool_connections=16,
        # The store checks a body by its CRC32, and refuses another one. Signed as well, each side would hash it with
        # SHA-256 once more: half of the time of an upload.
        s3={"addressing_style": "path", "payload_signing_enabled": False},
        request_checksum_calculation="when_supported",
        # Who reads knows the digest of the whole.
        response_checksum_validation="when_required",
    )
    # A session of its own: the default one must not be made by two threads at once.
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=settings.s3_endpoint,
        aws_access_key_id=settings.aws_access_key_id.get_secret_value(),
        aws_secret_access_key=settings.aws_secret_access_key.get_secret_value(),
        region_name="us-east-1",
        config=config,
    )
    client.meta.events.register("after-call.s3", _refuse_trouble)
    return client


def connect_for_requests(settings: ObjectStoreSettings) -> "S3Client":
    """A client for what an HTTP request waits for: each call ends in time, whatever the store does."""
    return connect(settings, seconds=WAIT_SECONDS, attempts=1)


def _refuse_trouble(http_response: Any, **_more: Any) -> None:
    """An answer that is the store's fault is an outage; the client has it in one class with what the caller did."""
    if http_response.status_code >= FIRST_FAULT:
        raise StoreDown(status=http_response.status_code)


def check(client: "S3Client", bucket: str) -> None:
    """Raise where the store does not answer, or has no such bucket."""
    client.head_bucket(Bucket=bucket)


def is_missing(error: ClientError) -> bool:
    """Whether the store answered that there is no such object or bucket."""
    return str(error.response.get("Error", {}).get("Code")) in MISSING
