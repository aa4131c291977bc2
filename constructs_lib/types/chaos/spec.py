"""What a component of type chaos is."""

from collections.abc import Iterable

from constructs_lib.component_type import POD, ComponentType, Defect
from constructs_lib.model import Component


class Chaos(ComponentType):
    """Pods are killed now and then, once somebody takes the dry run off."""

    name = "chaos"
    takes = POD | {"access"}
    api = True

    def problems(self, component: Component) -> Iterable[Defect]:
        """It has one container for each namespace of its access."""
        if not component.access:
            yield "has no access", "add access=(Access(...),): there is one container for each namespace in it"


TYPE = Chaos()
