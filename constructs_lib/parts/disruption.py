"""PodDisruptionBudgets."""

from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.parts.labels import metadata, selector
from constructs_lib.parts.values import number
from constructs_lib.resolved import ResolvedComponent


def disruption_budget(scope: Construct, component: ResolvedComponent) -> None:
    """One pod at a time: counted from what is away, so that a single replica can still be drained."""
    k8s.KubePodDisruptionBudget(
        scope,
        "disruption-budget",
        metadata=metadata(component),
        spec=k8s.PodDisruptionBudgetSpec(
            max_unavailable=number(1),
            selector=k8s.LabelSelector(match_labels=selector(component)),
        ),
    )
