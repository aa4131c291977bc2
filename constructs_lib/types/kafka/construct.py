"""Kafka."""

from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import env_config
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.service import service
from constructs_lib.parts.storage import Mount, tmp
from constructs_lib.parts.workload import stateful_set
from constructs_lib.resolved import ResolvedComponent

POD_INDEX = "metadata.labels['apps.kubernetes.io/pod-index']"


class Kafka(ComponentChart):
    """Brokers that are their own controllers (KRaft combined mode)."""

    def __init__(self, scope: Construct, id_: str, *, component: ResolvedComponent) -> None:
        """The image writes its configuration at the start, hence the scratch volume over it."""
        super().__init__(scope, id_)
        env_vars = env_config(self, component)
        mounts = [Mount(name="config", path="/opt/kafka/config", scratch="16Mi"), tmp("256Mi")]
        if component.storage:
            mounts.append(Mount(name=component.storage.claim, path=component.storage.mount_path))
        own = _of_each_pod(component) if component.replicas > 1 else []
        stateful_set(self, component, PodOptions(env_vars=env_vars, own_env_vars=own, mounts=mounts))
        # A broker looks itself, and the others, up under their advertised names before it is ready.
        service(self, component, headless=True, publish_not_ready=True)


def _of_each_pod(component: ResolvedComponent) -> list[k8s.EnvVar]:
    """What differs between brokers: a client that has found one of them goes on to the others by their own names."""
    name, index = (
        k8s.EnvVarSource(field_ref=k8s.ObjectFieldSelector(field_path=path)) for path in ("metadata.name", POD_INDEX)
    )
    address = f"$(POD_NAME).{component.host}:{component.port('kafka').number}"
    return [
        k8s.EnvVar(name="POD_NAME", value_from=name),
        k8s.EnvVar(name="KAFKA_ADVERTISED_LISTENERS", value=f"PLAINTEXT://{address}"),
        k8s.EnvVar(name="KAFKA_NODE_ID", value_from=index),
    ]


CONSTRUCT = Kafka
