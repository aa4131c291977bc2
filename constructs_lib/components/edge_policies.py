"""The NetworkPolicies of a component's edges."""

from itertools import groupby

from constructs import Construct

from constructs_lib.catalogue.graph import links_of
from constructs_lib.catalogue.model import Component, External
from constructs_lib.parts.context import Context
from constructs_lib.parts.policy import egress, ingress


def edge_policies(scope: Construct, component: Component, context: Context) -> None:
    """One object for each side of each edge, all in the consumer's tier: a new consumer touches no earlier one.

    Edges to several ports of one provider share their objects.
    """
    mine = links_of(context.catalogue, component.name)
    for _, found in groupby(mine, key=lambda link: (link.consumer.name, link.provider.name)):
        pair = list(found)
        consumer, provider = pair[0].consumer, pair[0].provider
        ports = sorted({link.port.number for link in pair})
        if not isinstance(consumer, External):
            egress(scope, component, consumer, provider, ports)
        if not isinstance(provider, External):
            ingress(scope, component, consumer, provider, ports)
