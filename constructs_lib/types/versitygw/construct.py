"""Versity S3 Gateway."""

from collections.abc import Sequence

from constructs_lib.model import Storage
from constructs_lib.resolved import ResolvedComponent
from constructs_lib.types.object_store.construct import ObjectStore

ACCOUNTS = ".iam"
"""A folder of the volume; no bucket's name begins with a dot, so that S3 leads to none of its files."""


class Versitygw(ObjectStore):
    """Objects are files of the volume."""

    def arguments(self, component: ResolvedComponent, storage: Storage) -> Sequence[str]:
        """The path of the accounts is absolute: the server works in the folder of its buckets."""
        accounts = f"{storage.mount_path}/{ACCOUNTS}"
        port = f":{component.port('api').number}"
        return ["--port", port, "--health", "/health", "--iam-dir", accounts, "posix", storage.mount_path]


CONSTRUCT = Versitygw
