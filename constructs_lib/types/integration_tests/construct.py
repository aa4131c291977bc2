"""The integration tests, run inside the cluster."""

from constructs import Construct

from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import config_map, env_config
from constructs_lib.parts.job import job
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.storage import Mount, tmp
from constructs_lib.types.integration_tests.spec import MATRIX, IntegrationTestsComponent

RETRIES = 2


class IntegrationTests(ComponentChart):
    """A Job and its matrix, which each environment completes with a digest of all that it runs."""

    def __init__(self, scope: Construct, id_: str, *, component: IntegrationTestsComponent) -> None:
        """A failure stays visible as Degraded; a few retries tell a hiccup from a defect."""
        super().__init__(scope, id_)
        files = config_map(self, component, MATRIX, {"matrix.json": component.matrix})
        mounts = [Mount(name="matrix", path=component.folder, config=files), tmp()]
        options = PodOptions(env_vars=env_config(self, component), mounts=mounts)
        job(self, component, options, backoff_limit=RETRIES)


CONSTRUCT = IntegrationTests
