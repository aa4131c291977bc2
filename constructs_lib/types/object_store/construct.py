"""The S3 object store."""

from constructs import Construct

from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import env_config
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.service import service
from constructs_lib.parts.storage import Mount, claim, tmp
from constructs_lib.parts.workload import deployment
from constructs_lib.resolved import ResolvedComponent


class ObjectStore(ComponentChart):
    """MinIO on one volume; what others rely on is S3 only."""

    def __init__(self, scope: Construct, id_: str, *, component: ResolvedComponent) -> None:
        """Exclusive: two servers on one volume would destroy its data."""
        super().__init__(scope, id_)
        env_vars = env_config(self, component)
        mounts = [tmp()]
        arguments = ["server", "/data", "--console-address", f":{component.port('console').number}"]
        if component.storage:
            claim(self, component, component.storage)
            name = f"{component.name}-storage"
            mounts.append(Mount(name=name, path=component.storage.mount_path, claim=component.storage.claim))
        options = PodOptions(env_vars=env_vars, args=arguments, mounts=mounts)
        deployment(self, component, options, exclusive=True)
        service(self, component)


CONSTRUCT = ObjectStore
