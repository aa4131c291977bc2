"""Jobs: named with a hash of all that they run, so that they run again exactly when that changes."""

from collections.abc import Iterable, Mapping
from typing import Any

from cdk8s import ApiObject, JsonPatch
from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.catalogue.model import Component
from constructs_lib.parts.config import digest
from constructs_lib.parts.context import Context
from constructs_lib.parts.labels import metadata, pod_labels
from constructs_lib.parts.pod import PodOptions, container, pod_spec, read_at_start

PERMANENT = 78
"""Exit code (EX_CONFIG of sysexits.h) of a script that no repetition can help."""
BACKOFF_LIMIT = 1000
"""With Kubernetes' back-off of at most six minutes: days. A Job waits for what it needs; only PERMANENT ends it."""
HASH_DIGITS = 8


def job_name(component: str, template: Mapping[str, Any], configs: Iterable[Mapping[str, str]]) -> str:
    """<component>-<hash> of the pod template and of the data of the ConfigMaps that it uses, as rendered."""
    used = sorted(digest(dict(data)) for data in configs)
    return f"{component}-{digest([template, used])[:HASH_DIGITS]}"


def job(
    scope: Construct, component: Component, context: Context, options: PodOptions, *, backoff_limit: int = BACKOFF_LIMIT
) -> None:
    """Make a Job of one pod without any deadline: one that ends by time would stay Degraded after the cause is gone."""
    made = k8s.KubeJob(
        scope,
        "job",
        metadata=metadata(component),
        spec=k8s.JobSpec(
            backoff_limit=backoff_limit,
            pod_failure_policy=_failure_policy(component),
            template=k8s.PodTemplateSpec(
                metadata=k8s.ObjectMeta(labels=pod_labels(component)),
                spec=pod_spec(component, [container(component, context, options)], options, restart_policy="Never"),
            ),
        ),
    )
    _name_by_content(made, component, [config.data for config in read_at_start(options)])


def _name_by_content(made: ApiObject, component: Component, configs: Iterable[Mapping[str, str]]) -> None:
    template = made.to_json()["spec"]["template"]
    made.add_json_patch(JsonPatch.replace("/metadata/name", job_name(component.name, template, configs)))


def _failure_policy(component: Component) -> k8s.PodFailurePolicy:
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
