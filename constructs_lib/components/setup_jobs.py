"""The Jobs of tier setup: topics, schemas and buckets."""

from constructs import Construct

from constructs_lib.catalogue.model import Component
from constructs_lib.components.setup_scripts import setup_script
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import config_map, env_config
from constructs_lib.parts.context import Context
from constructs_lib.parts.job import job
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.storage import Mount, tmp


class SetupJob(ComponentChart):
    """Runs the script of the component's kind with its data, both from ConfigMaps."""

    def __init__(self, scope: Construct, id_: str, *, component: Component, context: Context) -> None:
        """One volume for each of the script's folders."""
        super().__init__(scope, id_)
        script = setup_script(context.catalogue, component)
        mounts = [
            Mount(name=one.volume, path=one.path, config=config_map(self, component, one.config, one.files))
            for one in script.folders
        ]
        environment = env_config(self, component, context)
        options = PodOptions(environment=environment, command=list(script.command), mounts=[*mounts, tmp()])
        job(self, component, context, options)
