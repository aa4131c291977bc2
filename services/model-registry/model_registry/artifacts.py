"""Artifacts in the object store, written in parts as they come: the largest takes no more memory than a few parts."""

from asyncio import Semaphore, timeout
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from anyio import to_thread

from chatdb_common import object_store
from chatdb_common.ids import new_id
from model_registry.domain import Artifact, Damaged, Stalled, Unknown
from model_registry.uploads import MEBIBYTE, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

UPLOADS = 8
"""At once; others wait. Each holds up to five times a part: 200 MiB, within the limit of the service."""
THREADS = 8
"""That send, for all uploads."""
STALL_SECONDS = 30.0
READ_BYTES = MEBIBYTE


class Artifacts:
    """One bucket; what is in it and belongs to no version is an orphan."""

    def __init__(self, client: "S3Client", transfers: "S3Client", bucket: str) -> None:
        """`client` gives up in time for a request; `transfers` are for what takes as long as it takes."""
        self._client = client
        self._transfers = transfers
        self._bucket = bucket
        self._places = Semaphore(UPLOADS)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="parts")

    def check(self) -> None:
        """Raise where the bucket can't be reached."""
        object_store.check(self._client, self._bucket)

    async def store(self, place: str, chunks: AsyncIterator[bytes], sha256: str | None) -> Artifact:
        """Write what comes under a new key below `place`.

        Damaged where its digest is another, Stalled where nothing comes for a while; nothing stays then. A store that
        does not answer is told of before the bytes are taken.
        """
        await to_thread.run_sync(self.check)
        async with self._places:
            upload = Upload(self._transfers, self._bucket, f"{place}/{new_id()}", self._threads)
            try:
                async for chunk in _in_time(chunks):
                    await upload.add(chunk)
                digest = upload.digest.hexdigest()
                if upload.size == 0:
                    raise Damaged("the artifact is empty")
                if sha256 is not None and digest != sha256:
                    raise Damaged(f"the artifact's sha256 is {digest}, not {sha256}")
                await upload.finish()
            except BaseException:
                await upload.abort()
                raise
        return Artifact(upload.key, digest, upload.size)

    def read(self, key: str) -> Iterator[bytes]:
        """The bytes, piece by piece; Unknown where they are gone, as they are when the version is dropped meanwhile.

        A store that does not answer is told of before; a part of the bytes may take longer than an answer.
        """
        self.check()
        try:
            body = self._transfers.get_object(Bucket=self._bucket, Key=key)["Body"]
        except object_store.ClientError as error:
            if object_store.is_missing(error):
                raise Unknown("the artifact is not there any more") from None
            raise
        return body.iter_chunks(READ_BYTES)

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        self._client.delete_object(Bucket=self._bucket, Key=key)

    def pages(self, older: timedelta) -> Iterator[list[str]]:
        """The keys of objects of some age, page by page; younger ones may be for a version that is not finished."""
        edge = datetime.now(UTC) - older
        for page in self._transfers.get_paginator("list_objects_v2").paginate(Bucket=self._bucket):
            keys = [item["Key"] for item in page.get("Contents", []) if item["LastModified"] < edge]
            if keys:
                yield keys

    def abort_uploads(self, older: timedelta) -> None:
        """Drop the parts of uploads that nobody finishes."""
        edge = datetime.now(UTC) - older
        for page in self._transfers.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket):
            for upload in page.get("Uploads", []):
                if upload["Initiated"] < edge:
                    self._transfers.abort_multipart_upload(
                        Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                    )


async def _in_time(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Whoever is gone without a word must not keep a place for ever."""
    while True:
        try:
            async with timeout(STALL_SECONDS):
                chunk = await anext(chunks, None)
        except TimeoutError:
            raise Stalled(f"nothing of the artifact came for {STALL_SECONDS:g} seconds") from None
        if chunk is None:
            return
        yield chunk
