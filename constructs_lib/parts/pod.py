"""The pod template: where security, environment, probes and resources come together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cdk8s_plus_32 import k8s

from constructs_lib.defaults import DRAIN_SECONDS
from constructs_lib.model import Resources
from constructs_lib.parts.config import Config, checksum
from constructs_lib.parts.labels import pod_labels, scrape_annotations, selector
from constructs_lib.parts.probes import probe
from constructs_lib.parts.security import container_security, pod_security
from constructs_lib.parts.storage import Mount
from constructs_lib.parts.values import quantity
from constructs_lib.probe import Probes
from constructs_lib.quantity import MIB, in_bytes, memory_text
from constructs_lib.resolved import ResolvedComponent, ResolvedPort

LOG_FILE = 10 * MIB
LOG_FILES = 5
"""What a kubelet keeps of a container's output by default; it counts as the container's ephemeral storage."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PodOptions:
    """What a construct decides about its pod; the rest follows from the component.

    `env_vars` feeds the containers' variables; `own_env_vars` are those that no ConfigMap can say, as each pod has its
    own. `labels` are those of the pods alone. `reloaded` are ConfigMaps that the process re-reads by itself: their
    change replaces no pod. `ports` and `probes` stand in for the component's, where containers differ.
    """

    env_vars: Config | None = None
    own_env_vars: Sequence[k8s.EnvVar] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    mounts: Sequence[Mount] = ()
    reloaded: Sequence[Config] = ()
    command: Sequence[str] | None = None
    args: Sequence[str] | None = None
    drains: bool = False
    ports: Sequence[ResolvedPort] = ()
    probes: Probes | None = None


def read_at_start(options: PodOptions) -> list[Config]:
    """The ConfigMaps whose change must replace the pod."""
    configs = [options.env_vars, *(mount.config for mount in options.mounts)]
    return [config for config in configs if config and config not in options.reloaded]


def pod_template(component: ResolvedComponent, options: PodOptions) -> k8s.PodTemplateSpec:
    """The template of a long-running workload."""
    configs = read_at_start(options)
    annotations = (checksum(component, configs) if configs else {}) | scrape_annotations(component)
    return k8s.PodTemplateSpec(
        metadata=k8s.ObjectMeta(labels={**pod_labels(component), **options.labels}, annotations=annotations or None),
        spec=pod_spec(component, [container(component, options)], options),
    )


def pod_spec(
    component: ResolvedComponent,
    containers: Sequence[k8s.Container],
    options: PodOptions,
    restart_policy: str | None = None,
) -> k8s.PodSpec:
    """The pod around its containers."""
    volumes = [volume for mount in options.mounts if (volume := mount.volume)]
    return k8s.PodSpec(
        containers=containers,
        volumes=volumes or None,
        restart_policy=restart_policy,
        security_context=pod_security(component.uid),
        service_account_name=component.name if component.uses_api else None,
        automount_service_account_token=component.uses_api,
        # Variables of Services collide with settings: a Service named kafka gives KAFKA_PORT.
        enable_service_links=False,
        termination_grace_period_seconds=component.grace_period,
        topology_spread_constraints=[spread(component)] if component.most_replicas > 1 else None,
    )


def container(component: ResolvedComponent, options: PodOptions, name: str | None = None) -> k8s.Container:
    """A container of the component's image."""
    probes = options.probes or component.probes
    ports = options.ports or component.ports
    return k8s.Container(
        name=name or component.name,
        image=component.image,
        image_pull_policy="IfNotPresent",
        command=options.command,
        args=options.args,
        ports=[k8s.ContainerPort(name=port.name, container_port=port.number) for port in ports] or None,
        env_from=_env_from(options.env_vars),
        env=[*options.own_env_vars, *_secret_env(component)] or None,
        resources=_resources(component.resources, options.mounts) if component.resources else None,
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


def spread(component: ResolvedComponent) -> k8s.TopologySpreadConstraint:
    """Replicas prefer different nodes; one node still takes them all."""
    return k8s.TopologySpreadConstraint(
        max_skew=1,
        topology_key="kubernetes.io/hostname",
        when_unsatisfiable="ScheduleAnyway",
        label_selector=k8s.LabelSelector(match_labels=selector(component)),
    )


def _env_from(env_vars: Config | None) -> list[k8s.EnvFromSource] | None:
    if env_vars is None:
        return None
    return [k8s.EnvFromSource(config_map_ref=k8s.ConfigMapEnvSource(name=env_vars.name))]


def _secret_env(component: ResolvedComponent) -> list[k8s.EnvVar]:
    """One variable for each key of the component's Secrets: key by key, so that a missing one is seen."""
    return [
        k8s.EnvVar(
            name=key,
            value_from=k8s.EnvVarSource(secret_key_ref=k8s.SecretKeySelector(name=secret.name, key=key)),
        )
        for secret in component.secrets
        for key in secret.keys
    ]


def _resources(resources: Resources, mounts: Sequence[Mount]) -> k8s.ResourceRequirements:
    """Disk is asked for as one log file, and limited to all log files and full scratch volumes."""
    scratch = sum(in_bytes(mount.scratch) for mount in mounts if mount.scratch)
    requests = {"cpu": resources.cpu, "memory": resources.memory, "ephemeral-storage": memory_text(LOG_FILE)}
    limits = {
        "cpu": resources.cpu_limit,
        "memory": resources.memory_limit,
        "ephemeral-storage": memory_text(LOG_FILES * LOG_FILE + scratch),
    }
    return k8s.ResourceRequirements(
        requests={name: quantity(value) for name, value in requests.items()},
        limits={name: quantity(value) for name, value in limits.items()},
    )
