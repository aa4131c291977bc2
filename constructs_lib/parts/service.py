"""Services."""

from collections.abc import Iterable, Mapping

from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.parts.labels import metadata, selector
from constructs_lib.parts.values import number
from constructs_lib.resolved import ResolvedComponent, ResolvedPort


def service(
    scope: Construct,
    component: ResolvedComponent,
    *,
    name: str = "",
    headless: bool = False,
    publish_not_ready: bool | None = None,
    pods: Mapping[str, str] | None = None,
    ports: Iterable[ResolvedPort] | None = None,
) -> None:
    """Make the Service of the component's name: for all its pods and ports unless told otherwise."""
    k8s.KubeService(
        scope,
        f"service-{name}" if name else "service",
        metadata=metadata(component, name),
        spec=k8s.ServiceSpec(
            type="ClusterIP",
            cluster_ip="None" if headless else None,
            publish_not_ready_addresses=publish_not_ready,
            selector=dict(selector(component) if pods is None else pods),
            ports=[
                k8s.ServicePort(
                    name=port.name,
                    port=port.number,
                    target_port=number(port.number),
                    protocol="TCP",
                )
                for port in (component.ports if ports is None else ports)
            ],
        ),
    )
