"""What a deployment tells its view, from the first wave to a tier that is stuck, and to the end."""

from collections.abc import Sequence

from constructs_lib.catalogue.components import CATALOGUE
from constructs_lib.catalogue.graph import deploy_order, predecessors
from constructs_lib.catalogue.model import Component, Tier
from constructs_lib.deploy.rollout import Line, State

IMAGE = "docker.io/chatdb/ml-engine:3f2a9c1"
WORDS = f'0 of 1 ready; image {IMAGE} can\'t be pulled (ImagePullBackOff: Back-off pulling image "{IMAGE}")'
ROWS = [(tier, component) for _, tier, components in deploy_order(CATALOGUE) for component in components]
STUCK = "ml-engine"
AT = {tier.wave: tier for tier in reversed(Tier)}
"""Who is named of each wave: its first tier."""


def frame(wave: int, said: str = "0 of 1 ready") -> Sequence[Line]:
    """All lines while the components of that wave are rolled out; of the stuck one this is said."""
    return [_line(tier, component, wave, said) for tier, component in ROWS]


def _line(tier: Tier, component: Component, wave: int, said: str) -> Line:
    if tier.wave < wave:
        return Line(tier, component.name, State.READY)
    if tier.wave == wave:
        return Line(tier, component.name, State.ROLLING, said if component.name == STUCK else "0 of 1 ready")
    awaited = [name for name in predecessors(CATALOGUE, component) if CATALOGUE.component(name).tier.wave >= wave]
    return Line(tier, component.name, State.WAITING, ", ".join(awaited) or f"tier {AT[wave]}")


BEGINS = [frame(wave) for wave in sorted(AT) if wave <= Tier.PROCESSING.wave]
HELD = frame(Tier.PROCESSING.wave, WORDS)
ENDS = frame(max(AT) + 1)
