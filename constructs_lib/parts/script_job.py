"""Jobs that run a script of their type with its data."""

from constructs import Construct

from constructs_lib.parts.access import access
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import config_map, env_config
from constructs_lib.parts.job import job
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.storage import Mount, tmp
from constructs_lib.resolved import ScriptComponent


class ScriptJob(ComponentChart):
    """The script and its data are in ConfigMaps: one volume for each of the script's folders."""

    def __init__(self, scope: Construct, id_: str, *, component: ScriptComponent) -> None:
        """A service account where the script talks to the Kubernetes API."""
        super().__init__(scope, id_)
        if component.uses_api:
            access(self, component)
        mounts = [
            Mount(name=one.volume, path=one.path, config=config_map(self, component, one.config, one.files))
            for one in component.folders
        ]
        env_vars = env_config(self, component)
        job(self, component, PodOptions(env_vars=env_vars, command=list(component.command), mounts=[*mounts, tmp()]))


CONSTRUCT = ScriptJob
