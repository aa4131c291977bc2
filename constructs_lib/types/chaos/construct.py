"""Chaos: pods are killed now and then, once somebody takes the dry run off."""

from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.defaults import tool_probes
from constructs_lib.parts.access import access
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import Config, checksum, env_config
from constructs_lib.parts.labels import metadata, pod_labels, selector
from constructs_lib.parts.pod import PodOptions, container, pod_spec
from constructs_lib.parts.storage import tmp
from constructs_lib.resolved import ResolvedComponent, ResolvedPort

METRICS_PORT = 8080
INTERVAL = "10m"


class Chaos(ComponentChart):
    """chaoskube limits its client to one namespace, hence one container for each."""

    def __init__(self, scope: Construct, id_: str, *, component: ResolvedComponent) -> None:
        """In dry run by default: the image kills only with --no-dry-run."""
        super().__init__(scope, id_)
        access(self, component)
        namespaces = sorted({rule.namespace for rule in component.access})
        env_vars = env_config(self, component)
        containers = [
            self._container(component, namespace, METRICS_PORT + number, env_vars)
            for number, namespace in enumerate(namespaces)
        ]
        k8s.KubeDeployment(
            self,
            "deployment",
            metadata=metadata(component),
            spec=k8s.DeploymentSpec(
                replicas=component.replicas,
                selector=k8s.LabelSelector(match_labels=selector(component)),
                strategy=k8s.DeploymentStrategy(type="Recreate"),
                template=k8s.PodTemplateSpec(
                    metadata=k8s.ObjectMeta(
                        labels=pod_labels(component),
                        annotations=checksum(component, [env_vars]) if env_vars else None,
                    ),
                    spec=pod_spec(component, containers, PodOptions(mounts=[tmp()])),
                ),
            ),
        )

    def _container(
        self, component: ResolvedComponent, namespace: str, port: int, env_vars: Config | None
    ) -> k8s.Container:
        arguments = [
            f"--namespaces={namespace}",
            f"--client-namespace-scope={namespace}",
            f"--interval={INTERVAL}",
            "--minimum-age=10m",
            f"--metrics-address=:{port}",
        ]
        name = f"metrics-{port}"
        options = PodOptions(
            env_vars=env_vars,
            args=arguments,
            mounts=[tmp()],
            ports=[ResolvedPort(name=name, number=port)],
            probes=tool_probes(name, live="/healthz", ready="/metrics"),
        )
        return container(component, options, name=f"kill-in-{namespace}")


CONSTRUCT = Chaos
