"""What a component of type object-store is."""

from typing import ClassVar

from constructs_lib.component_type import SERVER, ComponentType


class ObjectStore(ComponentType):
    """MinIO on one volume; what others rely on is S3 only."""

    name = "object-store"
    takes = SERVER - {"buckets"}
    ports: ClassVar[tuple[str, ...]] = ("api", "console")
    probes = True
    storage = True
    holds = "buckets"
    unscraped = True


TYPE = ObjectStore()
