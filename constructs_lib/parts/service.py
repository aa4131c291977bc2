"""Services."""

from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.parts.labels import metadata, selector
from constructs_lib.parts.values import number
from constructs_lib.resolved import ResolvedComponent


def service(
    scope: Construct, component: ResolvedComponent, *, headless: bool = False, publish_not_ready: bool | None = None
) -> None:
    """Make the Service of the component's name with all its ports."""
    k8s.KubeService(
        scope,
        "service",
        metadata=metadata(component),
        spec=k8s.ServiceSpec(
            type="ClusterIP",
            cluster_ip="None" if headless else None,
            publish_not_ready_addresses=publish_not_ready,
            selector=selector(component),
            ports=[
                k8s.ServicePort(
                    name=port.name,
                    port=port.number,
                    target_port=number(port.number),
                    protocol="TCP",
                )
                for port in component.ports
            ],
        ),
    )
