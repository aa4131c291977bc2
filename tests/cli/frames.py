"""What a deployment tells its view, from the first wave to a tier that is stuck, and to the end."""

from collections.abc import Sequence

from chatdb.deploy.rollout import Line, State
from constructs_lib.resolved import ResolvedComponent
from tests.repository import PLATFORM

IMAGE = "docker.io/chatdb/ml-engine:3f2a9c1"
WORDS = f'0 of 1 ready; image {IMAGE} can\'t be pulled (ImagePullBackOff: Back-off pulling image "{IMAGE}")'
ROWS = [(tier, component) for _, tier, components in PLATFORM.deploy_order() for component in components]
STUCK = "ml-engine"
STUCK_AT = PLATFORM.component(STUCK).wave
AT = {wave: tiers[0] for wave, tiers in enumerate(PLATFORM.waves)}
"""Who is named of each wave: its first tier."""


def frame(wave: int, said: str = "0 of 1 ready") -> Sequence[Line]:
    """All lines while the components of that wave are rolled out; of the stuck one this is said."""
    return [_line(component, wave, said) for _, component in ROWS]


def _line(component: ResolvedComponent, wave: int, said: str) -> Line:
    if component.wave < wave:
        return Line(component.tier, component.name, State.READY)
    if component.wave == wave:
        return Line(component.tier, component.name, State.ROLLING, said if component.name == STUCK else "0 of 1 ready")
    awaited = [name for name in component.after if PLATFORM.component(name).wave >= wave]
    return Line(component.tier, component.name, State.WAITING, ", ".join(awaited) or f"tier {AT[wave]}")


BEGINS = [frame(wave) for wave in sorted(AT) if wave <= STUCK_AT]
HELD = frame(STUCK_AT, WORDS)
ENDS = frame(max(AT) + 1)
