"""The tiers of ChatDB, in start-up order."""

from enum import StrEnum


class Tier(StrEnum):
    """A step of the start-up order: a folder in dist/, a folder in overlays/<env>/ and an Argo CD Application."""

    PLATFORM = "platform"
    FOUNDATION = "foundation"
    SETUP = "setup"
    CORE = "core"
    PROCESSING = "processing"
    EDGE = "edge"
    MONITORING = "monitoring"
    TESTING = "testing"


WAVES: tuple[tuple[Tier, ...], ...] = (
    (Tier.PLATFORM,),
    (Tier.FOUNDATION,),
    (Tier.SETUP,),
    (Tier.CORE,),
    (Tier.PROCESSING,),
    (Tier.EDGE, Tier.MONITORING),
    (Tier.TESTING,),
)
OPTIONAL_TIERS = frozenset({Tier.MONITORING, Tier.TESTING})
