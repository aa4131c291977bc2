"""HorizontalPodAutoscalers."""

from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.model import Autoscale
from constructs_lib.parts.labels import metadata
from constructs_lib.resolved import ResolvedComponent

SCALE_DOWN_SECONDS = 300
"""A number of replicas goes down once it was too high for this time, by one pod a minute at most."""


def autoscaler(scope: Construct, component: ResolvedComponent, autoscale: Autoscale) -> None:
    """Scale the component's Deployment by the CPU that its pods use."""
    target = k8s.MetricTargetV2(type="Utilization", average_utilization=autoscale.cpu_percent)
    one_a_minute = k8s.HpaScalingPolicyV2(type="Pods", value=1, period_seconds=60)
    k8s.KubeHorizontalPodAutoscalerV2(
        scope,
        "autoscaler",
        metadata=metadata(component),
        spec=k8s.HorizontalPodAutoscalerSpecV2(
            scale_target_ref=k8s.CrossVersionObjectReferenceV2(
                api_version="apps/v1", kind="Deployment", name=component.name
            ),
            min_replicas=autoscale.min,
            max_replicas=autoscale.max,
            metrics=[k8s.MetricSpecV2(type="Resource", resource=k8s.ResourceMetricSourceV2(name="cpu", target=target))],
            behavior=k8s.HorizontalPodAutoscalerBehaviorV2(
                scale_down=k8s.HpaScalingRulesV2(
                    stabilization_window_seconds=SCALE_DOWN_SECONDS, policies=[one_a_minute]
                )
            ),
        ),
    )
