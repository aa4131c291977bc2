"""The namespaces, with what each begins with: Pod Security, quota, limits, closed doors."""

from collections.abc import Mapping

from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.labels import KEEP, part_of
from constructs_lib.parts.policy import default_deny
from constructs_lib.parts.values import quantity
from constructs_lib.resolved import ResolvedNamespaces

POD_SECURITY = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}


class Namespaces(ComponentChart):
    """All namespaces of the platform; each environment adds quotas and the way to DNS."""

    def __init__(self, scope: Construct, id_: str, *, spec: ResolvedNamespaces) -> None:
        """No component's: what the components live in."""
        super().__init__(scope, id_)
        labels = part_of(spec.platform)
        for namespace in spec.names:
            k8s.KubeNamespace(
                self,
                f"namespace-{namespace}",
                metadata=k8s.ObjectMeta(
                    name=namespace, labels={"name": namespace, **labels, **POD_SECURITY}, annotations=KEEP
                ),
            )
            self._limits(namespace, labels)
            default_deny(self, namespace, labels)

    def _limits(self, namespace: str, labels: Mapping[str, str]) -> None:
        """For what somebody adds by hand; our own containers all name theirs."""
        k8s.KubeLimitRange(
            self,
            f"limits-{namespace}",
            metadata=k8s.ObjectMeta(name="limits", namespace=namespace, labels=labels),
            spec=k8s.LimitRangeSpec(
                limits=[
                    k8s.LimitRangeItem(
                        type="Container",
                        default_request={
                            "cpu": quantity("50m"),
                            "memory": quantity("64Mi"),
                            "ephemeral-storage": quantity("10Mi"),
                        },
                        default={
                            "cpu": quantity("200m"),
                            "memory": quantity("128Mi"),
                            "ephemeral-storage": quantity("128Mi"),
                        },
                    )
                ]
            ),
        )
