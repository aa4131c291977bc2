"""The pod template: where security, environment, probes and resources come together."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdk8s_plus_32 import k8s

from constructs_lib.catalogue.credentials import secret_name, secret_plan
from constructs_lib.catalogue.defaults import DRAIN_SECONDS
from constructs_lib.catalogue.externals import KUBERNETES_API
from constructs_lib.catalogue.model import Component, Port, Probes, Resources
from constructs_lib.parts.config import CHECKSUM, Config, checksum
from constructs_lib.parts.context import Context
from constructs_lib.parts.labels import pod_labels, selector
from constructs_lib.parts.probes import probe
from constructs_lib.parts.security import container_security, pod_security
from constructs_lib.parts.storage import Mount
from constructs_lib.parts.values import quantity


@dataclass(frozen=True, kw_only=True, slots=True)
class PodOptions:
    """What a construct decides about its pod; the rest follows from the component.

    `environment` feeds the containers' variables. `reloaded` are ConfigMaps that the process re-reads by
    itself: their change replaces no pod. `ports` and `probes` stand in for the component's, where containers differ.
    """

    environment: Config | None = None
    mounts: Sequence[Mount] = ()
    reloaded: Sequence[Config] = ()
    command: Sequence[str] | None = None
    args: Sequence[str] | None = None
    drains: bool = False
    ports: Sequence[Port] = ()
    probes: Probes | None = None


def uses_api(component: Component) -> bool:
    """Whether the component talks to the Kubernetes API, and so gets a service account of its own with a token."""
    return any(edge.to == KUBERNETES_API.name for edge in component.needs)


def read_at_start(options: PodOptions) -> list[Config]:
    """The ConfigMaps whose change must replace the pod."""
    found = [options.environment, *(mount.config for mount in options.mounts)]
    return [config for config in found if config and config not in options.reloaded]


def pod_template(component: Component, context: Context, options: PodOptions) -> k8s.PodTemplateSpec:
    """The template of a long-running workload."""
    annotations = {}
    if configs := read_at_start(options):
        annotations[CHECKSUM] = checksum(configs)
    if component.metrics:
        port = str(component.port(component.metrics).number)
        annotations |= {"prometheus.io/scrape": "true", "prometheus.io/path": "/metrics", "prometheus.io/port": port}
    return k8s.PodTemplateSpec(
        metadata=k8s.ObjectMeta(labels=pod_labels(component), annotations=annotations or None),
        spec=pod_spec(component, [container(component, context, options)], options),
    )


def pod_spec(
    component: Component, containers: Sequence[k8s.Container], options: PodOptions, restart_policy: str | None = None
) -> k8s.PodSpec:
    """The pod around its containers."""
    volumes = [volume for mount in options.mounts if (volume := mount.volume)]
    return k8s.PodSpec(
        containers=containers,
        volumes=volumes or None,
        restart_policy=restart_policy,
        security_context=pod_security(component.uid),
        service_account_name=component.name if uses_api(component) else None,
        automount_service_account_token=uses_api(component),
        # Variables of Services collide with settings: a Service named kafka gives KAFKA_PORT.
        enable_service_links=False,
        termination_grace_period_seconds=component.grace_period,
        topology_spread_constraints=[spread(component)] if component.replicas > 1 else None,
    )


def container(component: Component, context: Context, options: PodOptions, name: str | None = None) -> k8s.Container:
    """A container of the component's image."""
    probes = options.probes or component.probes
    ports = options.ports or component.ports
    return k8s.Container(
        name=name or component.name,
        image=context.catalogue.image(component).reference,
        image_pull_policy="IfNotPresent",
        command=options.command,
        args=options.args,
        ports=[k8s.ContainerPort(name=port.name, container_port=port.number) for port in ports] or None,
        env_from=_env_from(options.environment),
        env=_secret_env(component, context) or None,
        resources=_resources(component.resources) if component.resources else None,
        liveness_probe=probe(ports, probes.liveness) if probes else None,
        readiness_probe=probe(ports, probes.readiness) if probes else None,
        startup_probe=probe(ports, probes.startup) if probes else None,
        lifecycle=_drain() if options.drains else None,
        volume_mounts=[mount.mount for mount in options.mounts] or None,
        security_context=container_security(),
    )


def _drain() -> k8s.Lifecycle:
    handler = k8s.LifecycleHandler(exec=k8s.ExecAction(command=["sleep", str(DRAIN_SECONDS)]))
    return k8s.Lifecycle(pre_stop=handler)


def spread(component: Component) -> k8s.TopologySpreadConstraint:
    """Replicas prefer different nodes; one node still takes them all."""
    return k8s.TopologySpreadConstraint(
        max_skew=1,
        topology_key="kubernetes.io/hostname",
        when_unsatisfiable="ScheduleAnyway",
        label_selector=k8s.LabelSelector(match_labels=selector(component)),
    )


def _env_from(environment: Config | None) -> list[k8s.EnvFromSource] | None:
    if environment is None:
        return None
    return [k8s.EnvFromSource(config_map_ref=k8s.ConfigMapEnvSource(name=environment.name))]


def _secret_env(component: Component, context: Context) -> list[k8s.EnvVar]:
    """One variable for each key of the component's Secret: key by key, so that a missing one is seen."""
    plan = secret_plan(context.catalogue, component)
    return [
        k8s.EnvVar(
            name=key,
            value_from=k8s.EnvVarSource(secret_key_ref=k8s.SecretKeySelector(name=secret_name(component), key=key)),
        )
        for key in (plan.keys if plan else ())
    ]


def _resources(resources: Resources) -> k8s.ResourceRequirements:
    return k8s.ResourceRequirements(
        requests={"cpu": quantity(resources.cpu), "memory": quantity(resources.memory)},
        limits={"cpu": quantity(resources.cpu_limit), "memory": quantity(resources.memory_limit)},
    )
