"""Deployments and StatefulSets."""

from typing import Any

from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.parts.labels import metadata, selector
from constructs_lib.parts.pod import PodOptions, pod_template
from constructs_lib.parts.storage import claim_template
from constructs_lib.resolved import ResolvedComponent


class _StatefulSet(k8s.KubeStatefulSet):
    """A StatefulSet whose claim templates say what they are.

    The typed template drops both fields, also from JSON patches; the API server adds them, and Argo CD would see drift.
    """

    def to_json(self) -> Any:
        """The object as it is written."""
        made = super().to_json()
        for template in made["spec"]["volumeClaimTemplates"]:
            template |= {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
        return made


def deployment(scope: Construct, component: ResolvedComponent, options: PodOptions, *, exclusive: bool = False) -> None:
    """Make a Deployment; an `exclusive` one stops its pod before the next starts, as its volume or state needs it."""
    k8s.KubeDeployment(
        scope,
        "deployment",
        metadata=metadata(component),
        spec=k8s.DeploymentSpec(
            replicas=None if component.autoscale else component.replicas,
            revision_history_limit=3,
            selector=k8s.LabelSelector(match_labels=selector(component)),
            strategy=k8s.DeploymentStrategy(type="Recreate" if exclusive else "RollingUpdate"),
            template=pod_template(component, options),
        ),
    )


def stateful_set(scope: Construct, component: ResolvedComponent, options: PodOptions) -> None:
    """Make a StatefulSet behind the headless Service of its name."""
    if component.storage is None:
        raise ValueError(f"{component.name}: a StatefulSet needs storage; add it to the component's entry")
    _StatefulSet(
        scope,
        "stateful-set",
        metadata=metadata(component),
        spec=k8s.StatefulSetSpec(
            replicas=component.replicas,
            revision_history_limit=3,
            service_name=component.name,
            # With OrderedReady a pod that never gets ready is not replaced, not even by a release that fixes it.
            pod_management_policy="Parallel",
            selector=k8s.LabelSelector(match_labels=selector(component)),
            template=pod_template(component, options),
            volume_claim_templates=[claim_template(component, component.storage)],
        ),
    )
