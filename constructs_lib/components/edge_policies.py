"""The NetworkPolicies of a component's edges."""

from itertools import groupby

from constructs import Construct

from constructs_lib.catalogue.graph import links
from constructs_lib.catalogue.model import Component, External
from constructs_lib.parts.context import Context
from constructs_lib.parts.policy import egress, ingress


class EdgePolicies(Construct):
    """One object for each side of each edge, all in the consumer's tier: a new consumer touches no earlier one."""

    def __init__(self, scope: Construct, id_: str, *, component: Component, context: Context) -> None:
        """Edges to several ports of one provider share their objects."""
        super().__init__(scope, id_)
        mine = [link for link in links(context.catalogue) if link.owner == component.name]
        for (_, _), found in groupby(mine, key=lambda link: (link.consumer.name, link.provider.name)):
            pair = list(found)
            consumer, provider = pair[0].consumer, pair[0].provider
            ports = sorted({link.port.number for link in pair})
            if not isinstance(consumer, External):
                egress(self, component, consumer, provider, ports)
            if not isinstance(provider, External):
                ingress(self, component, consumer, provider, ports)
