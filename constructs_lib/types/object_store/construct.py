"""The S3 object store."""

from collections.abc import Sequence

from constructs import Construct

from constructs_lib.model import Storage
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
        storage = component.storage
        if storage is None:
            raise ValueError(f"{component.name}: an object store needs storage; add it to the component's entry")
        claim(self, component, storage)
        volume = Mount(name=f"{component.name}-storage", path=storage.mount_path, claim=storage.claim)
        command, arguments = self.server(component, storage)
        options = PodOptions(env_vars=env_vars, command=command, args=arguments, mounts=[tmp(), volume])
        deployment(self, component, options, exclusive=True)
        service(self, component)

    def server(
        self, component: ResolvedComponent, storage: Storage
    ) -> tuple[Sequence[str] | None, Sequence[str] | None]:
        """Its command, None for that of its image, and the arguments."""
        return None, ["server", storage.mount_path, "--console-address", f":{component.port('console').number}"]


CONSTRUCT = ObjectStore
