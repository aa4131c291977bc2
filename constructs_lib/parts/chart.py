"""The chart of one component: one file of dist/."""

from cdk8s import Chart
from constructs import Construct


class ComponentChart(Chart):
    """A chart whose objects keep the names that they are given. A component is its chart: one node in the tree."""

    def __init__(self, scope: Construct, id_: str) -> None:
        """`id_` names the file."""
        super().__init__(scope, id_, disable_resource_name_hashes=True)
