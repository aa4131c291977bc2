"""The S3 object store."""

from constructs import Construct

from constructs_lib.catalogue.model import Component
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import env_config
from constructs_lib.parts.context import Context
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.service import service
from constructs_lib.parts.storage import Mount, claim, tmp
from constructs_lib.parts.workload import deployment


class ObjectStore(ComponentChart):
    """MinIO on one volume; what others rely on is S3 only."""

    def __init__(self, scope: Construct, id_: str, *, component: Component, context: Context) -> None:
        """Exclusive: two servers on one volume would destroy its data."""
        super().__init__(scope, id_)
        environment = env_config(self, component, context)
        mounts = [tmp()]
        arguments = ["server", "/data", "--console-address", f":{component.port('console').number}"]
        if component.storage:
            claim(self, component, component.storage)
            mounts.append(Mount(name="minio-storage", path=component.storage.mount_path, claim=component.storage.claim))
        options = PodOptions(environment=environment, args=arguments, mounts=mounts)
        deployment(self, component, context, options, exclusive=True)
        service(self, component)
