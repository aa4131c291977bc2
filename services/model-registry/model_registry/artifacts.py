"""Artifacts in the object store, written in parts as they come: the largest takes no more memory than a part."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from anyio import to_thread

from chatdb_common import object_store
from chatdb_common.ids import new_id
from model_registry.domain import Artifact, Damaged

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

MEBIBYTE = 1024 * 1024
PART_BYTES = 8 * MEBIBYTE
READ_BYTES = MEBIBYTE


class Artifacts:
    """One bucket; what is in it and belongs to no version is an orphan."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        """The client is shared by threads."""
        self._client = client
        self._bucket = bucket

    def check(self) -> None:
        """Raise where the bucket can't be reached."""
        object_store.check(self._client, self._bucket)

    async def store(self, place: str, chunks: AsyncIterator[bytes], sha256: str | None) -> Artifact:
        """Write what comes under a new key below `place`; Damaged, and nothing stays, where its digest is another."""
        upload = _Upload(self._client, self._bucket, f"{place}/{new_id()}")
        try:
            async for chunk in chunks:
                await upload.add(chunk)
            found = upload.digest.hexdigest()
            if upload.size == 0:
                raise Damaged("the artifact is empty")
            if sha256 is not None and found != sha256:
                raise Damaged(f"the artifact's sha256 is {found}, not {sha256}")
            await to_thread.run_sync(upload.finish)
        except BaseException:
            await to_thread.run_sync(upload.abort)
            raise
        return Artifact(upload.key, found, upload.size)

    def read(self, key: str) -> Iterator[bytes]:
        """The bytes, piece by piece."""
        body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
        return body.iter_chunks(READ_BYTES)

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        self._client.delete_object(Bucket=self._bucket, Key=key)

    def pages(self, older: timedelta) -> Iterator[list[str]]:
        """The keys of objects of some age, page by page; younger ones may be for a version that is not finished."""
        edge = datetime.now(UTC) - older
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket):
            keys = [item["Key"] for item in page.get("Contents", []) if item["LastModified"] < edge]
            if keys:
                yield keys

    def abort_uploads(self, older: timedelta) -> None:
        """Drop the parts of uploads that nobody finishes."""
        edge = datetime.now(UTC) - older
        for page in self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket):
            for upload in page.get("Uploads", []):
                if upload["Initiated"] < edge:
                    self._client.abort_multipart_upload(
                        Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                    )


class _Upload:
    """One object on its way: small ones are put at the end, others in parts."""

    def __init__(self, client: "S3Client", bucket: str, key: str) -> None:
        self.key = key
        self.size = 0
        self.digest = hashlib.sha256()
        self._client = client
        self._bucket = bucket
        self._buffer = bytearray()
        self._id: str | None = None
        self._parts: list[CompletedPartTypeDef] = []

    async def add(self, chunk: bytes) -> None:
        """Take a chunk; a full part is sent before the next one is taken."""
        self.size += len(chunk)
        self.digest.update(chunk)
        self._buffer += chunk
        while len(self._buffer) >= PART_BYTES:
            part = bytes(self._buffer[:PART_BYTES])
            del self._buffer[:PART_BYTES]
            await to_thread.run_sync(self._send, part)

    def finish(self) -> None:
        """Make the object whole."""
        if self._id is None:
            self._client.put_object(Bucket=self._bucket, Key=self.key, Body=bytes(self._buffer))
            return
        if self._buffer:
            self._send(bytes(self._buffer))
        self._client.complete_multipart_upload(
            Bucket=self._bucket, Key=self.key, UploadId=self._id, MultipartUpload={"Parts": self._parts}
        )

    def abort(self) -> None:
        """Leave nothing behind; what can't be removed now is swept later."""
        try:
            if self._id is not None:
                self._client.abort_multipart_upload(Bucket=self._bucket, Key=self.key, UploadId=self._id)
        except (object_store.ClientError, object_store.BotoCoreError):
            return

    def _send(self, part: bytes) -> None:
        if self._id is None:
            self._id = self._client.create_multipart_upload(Bucket=self._bucket, Key=self.key)["UploadId"]
        number = len(self._parts) + 1
        sent = self._client.upload_part(
            Bucket=self._bucket, Key=self.key, UploadId=self._id, PartNumber=number, Body=part
        )
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})
