"""Where the services of the tests send their traces."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Collector:
    """Its address, and the file that the spans end in: one a line."""

    address: str
    spans: Path
