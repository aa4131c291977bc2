"""The namespaces, with what each begins with: Pod Security, quota, limits, closed doors."""

from collections.abc import Mapping, Sequence
from typing import Any

from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.catalogue.externals import DNS
from constructs_lib.catalogue.model import Namespace
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.footprint import quota
from constructs_lib.parts.labels import KEEP, PART_OF
from constructs_lib.parts.policy import namespace_policies
from constructs_lib.parts.values import quantity

POD_SECURITY = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}


class Namespaces(ComponentChart):
    """All namespaces of the platform; quotas hold what the rendered objects ask for at their peak."""

    def __init__(self, scope: Construct, id_: str, *, rendered: Sequence[Mapping[str, Any]]) -> None:
        """`rendered` are the objects of all components."""
        super().__init__(scope, id_)
        for namespace in Namespace:
            k8s.KubeNamespace(
                self,
                namespace,
                metadata=k8s.ObjectMeta(
                    name=namespace, labels={"name": namespace, **PART_OF, **POD_SECURITY}, annotations=KEEP
                ),
            )
            self._limits(namespace)
            self._quota(namespace, quota(rendered, namespace))
            namespace_policies(self, namespace, DNS)

    def _quota(self, namespace: str, hard: Mapping[str, str]) -> None:
        k8s.KubeResourceQuota(
            self,
            f"{namespace}-quota",
            metadata=k8s.ObjectMeta(name="quota", namespace=namespace, labels=PART_OF),
            spec=k8s.ResourceQuotaSpec(hard={name: quantity(value) for name, value in hard.items()}),
        )

    def _limits(self, namespace: str) -> None:
        """For what somebody adds by hand; our own containers all name theirs."""
        k8s.KubeLimitRange(
            self,
            f"{namespace}-limits",
            metadata=k8s.ObjectMeta(name="limits", namespace=namespace, labels=PART_OF),
            spec=k8s.LimitRangeSpec(
                limits=[
                    k8s.LimitRangeItem(
                        type="Container",
                        default_request={"cpu": quantity("50m"), "memory": quantity("64Mi")},
                        default={"cpu": quantity("200m"), "memory": quantity("128Mi")},
                    )
                ]
            ),
        )
