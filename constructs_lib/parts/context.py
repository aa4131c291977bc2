"""What every construct is given besides its component."""

from dataclasses import dataclass

from constructs_lib.catalogue.model import Catalogue


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """The platform as a whole: constructs look up images, links and topics in it."""

    catalogue: Catalogue
    platform_digest: str = ""
    """SHA-256 of all other components' objects and of the overlays: what the integration tests test."""
