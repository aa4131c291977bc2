"""What a component of type object-store is."""

from constructs_lib.component_type import ComponentType


class ObjectStore(ComponentType):
    """MinIO on one volume; what others rely on is S3 only."""

    name = "object-store"
    ports = ("api", "console")
    probes = True
    storage = True
    holds = "buckets"
    unscraped = True


TYPE = ObjectStore()
