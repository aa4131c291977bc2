"""One object on its way to the store: a small one is put at the end, others go in parts, a few of them at once."""

import hashlib
from asyncio import wrap_future
from concurrent.futures import Executor, Future, wait
from typing import TYPE_CHECKING

from chatdb_common import object_store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

MEBIBYTE = 1024 * 1024
PART_BYTES = 5 * MEBIBYTE
"""The least that S3 takes of a part that is not the last."""
IN_FLIGHT = 3
"""Parts of one upload on their way; the next one is collected meanwhile."""


class Upload:
    """Nothing of it is in flight any more once it is finished or aborted, also where whoever waits is cancelled."""

    def __init__(self, client: "S3Client", bucket: str, key: str, threads: Executor) -> None:
        """The threads begin in the order in which they are asked."""
        self.key = key
        self.size = 0
        self.digest = hashlib.sha256()
        self._client = client
        self._bucket = bucket
        self._threads = threads
        self._chunks: list[bytes] = []
        self._held = 0
        self._begun: Future[str] | None = None
        self._parts: list[Future[CompletedPartTypeDef]] = []

    async def add(self, chunk: bytes) -> None:
        """Take a chunk; a full part is sent once there is room in flight, and what became of earlier ones is raised."""
        self.size += len(chunk)
        self.digest.update(chunk)
        while self._held + len(chunk) >= PART_BYTES:
            room = PART_BYTES - self._held
            self._chunks.append(chunk[:room])
            chunk = chunk[room:]
            await self._start()
        if chunk:
            self._chunks.append(chunk)
            self._held += len(chunk)

    async def finish(self) -> None:
        """Make the object whole."""
        begun = self._begun
        if begun is None:
            await wrap_future(self._threads.submit(self._put))
            return
        if self._chunks:
            await self._start()
        for part in self._parts:
            await wrap_future(part)
        await wrap_future(self._threads.submit(self._complete, begun))

    async def abort(self) -> None:
        """Leave nothing behind; what can't be removed now is swept later."""
        if self._begun is not None:
            await wrap_future(self._threads.submit(self._abort, self._begun))

    async def _start(self) -> None:
        """Send what is collected, once there is room in flight."""
        begun = self._begun = self._begun or self._threads.submit(self._begin)
        if len(self._parts) >= IN_FLIGHT:
            await wrap_future(self._parts[-IN_FLIGHT])
        self._parts.append(self._threads.submit(self._send, begun, len(self._parts) + 1, self._chunks))
        self._chunks, self._held = [], 0

    def _begin(self) -> str:
        made = self._client.create_multipart_upload(Bucket=self._bucket, Key=self.key, ChecksumAlgorithm="CRC32")
        return made["UploadId"]

    def _send(self, begun: Future[str], number: int, chunks: list[bytes]) -> "CompletedPartTypeDef":
        part = b"".join(chunks)
        # Or they would be in memory twice while the part is on its way.
        chunks.clear()
        sent = self._client.upload_part(
            Bucket=self._bucket, Key=self.key, UploadId=begun.result(), PartNumber=number, Body=part
        )
        return {"PartNumber": number, "ETag": sent["ETag"], "ChecksumCRC32": sent["ChecksumCRC32"]}

    def _put(self) -> None:
        self._client.put_object(Bucket=self._bucket, Key=self.key, Body=b"".join(self._chunks))

    def _complete(self, begun: Future[str]) -> None:
        parts = [part.result() for part in self._parts]
        self._client.complete_multipart_upload(
            Bucket=self._bucket, Key=self.key, UploadId=begun.result(), MultipartUpload={"Parts": parts}
        )

    def _abort(self, begun: Future[str]) -> None:
        # What a thread sends can't be called back, and must not land behind the abort.
        wait(self._parts)
        try:
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=self.key, UploadId=begun.result())
        except (object_store.ClientError, object_store.BotoCoreError):
            # The store is down, or was when it was to begin.
            return
