"""Versity S3 Gateway."""

from collections.abc import Sequence

from constructs_lib.model import Storage
from constructs_lib.resolved import ResolvedComponent
from constructs_lib.types.object_store.construct import ObjectStore

ACCOUNTS = ".iam"
"""A folder of the volume; no bucket's name begins with a dot, so that S3 leads to none of its files."""


START = 'mkdir -p "$0" && exec versitygw --iam-dir "$0" --iam-cache-disable "$@"'
"""The server does not make the folder of its accounts. Its cache may keep what was taken away for two minutes."""


class Versitygw(ObjectStore):
    """Objects are files of the volume."""

    def server(
        self, component: ResolvedComponent, storage: Storage
    ) -> tuple[Sequence[str] | None, Sequence[str] | None]:
        """The path of the accounts is absolute: the server works in the folder of its buckets."""
        accounts, port = f"{storage.mount_path}/{ACCOUNTS}", f":{component.port('api').number}"
        return ["sh", "-c", START, accounts], ["--port", port, "--health", "/health", "posix", storage.mount_path]


CONSTRUCT = Versitygw
