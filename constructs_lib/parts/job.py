"""Jobs: each gets its name when it is rendered, from all that it runs."""

from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.parts.labels import metadata, pod_labels
from constructs_lib.parts.pod import PodOptions, container, pod_spec
from constructs_lib.resolved import ResolvedComponent

PERMANENT = 78
"""Exit code (EX_CONFIG of sysexits.h) of a script that no repetition can help."""
BACKOFF_LIMIT = 1000
"""With Kubernetes' back-off of at most six minutes: days. A Job waits for what it needs; only PERMANENT ends it."""


def job(
    scope: Construct, component: ResolvedComponent, options: PodOptions, *, backoff_limit: int = BACKOFF_LIMIT
) -> None:
    """Make a Job of one pod without any deadline: one that ends by time would stay Degraded after the cause is gone."""
    k8s.KubeJob(
        scope,
        "job",
        metadata=metadata(component),
        spec=k8s.JobSpec(
            backoff_limit=backoff_limit,
            pod_failure_policy=_failure_policy(component),
            template=k8s.PodTemplateSpec(
                metadata=k8s.ObjectMeta(labels=pod_labels(component)),
                spec=pod_spec(component, [container(component, options)], options, restart_policy="Never"),
            ),
        ),
    )


def _failure_policy(component: ResolvedComponent) -> k8s.PodFailurePolicy:
    return k8s.PodFailurePolicy(
        rules=[
            k8s.PodFailurePolicyRule(
                action="FailJob",
                on_exit_codes=k8s.PodFailurePolicyOnExitCodesRequirement(
                    container_name=component.name, operator="In", values=[PERMANENT]
                ),
            ),
            k8s.PodFailurePolicyRule(
                action="Ignore",
                on_pod_conditions=[k8s.PodFailurePolicyOnPodConditionsPattern(type="DisruptionTarget", status="True")],
            ),
        ]
    )
