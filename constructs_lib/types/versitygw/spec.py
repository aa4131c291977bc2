"""What a component of type versitygw is."""

from collections.abc import Mapping
from typing import ClassVar

from constructs_lib.model import Component
from constructs_lib.types.object_store.spec import ObjectStore

USER, PASSWORD = "MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"
"""Of the base: whoever takes its place keeps the keys of its Secret."""


class Versitygw(ObjectStore):
    """Versity S3 Gateway on one volume, on which its accounts are, too."""

    name = "versitygw"
    stands_in_for = "object-store"
    ports: ClassVar[tuple[str, ...]] = ("api",)

    def derived_secrets(self, component: Component) -> Mapping[str, str]:
        """The root's key pair under the names of the variables that the server reads."""
        return {"ROOT_ACCESS_KEY": f"{{{USER}}}", "ROOT_SECRET_KEY": f"{{{PASSWORD}}}"}


TYPE = Versitygw()
