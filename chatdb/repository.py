"""The repository that the command works on, and its platform, which is resolved once for each process."""

from functools import cache
from pathlib import Path

from constructs_lib.model import Catalogue
from constructs_lib.read_catalogue import read_catalogue
from constructs_lib.resolved import ResolvedPlatform

ROOT = Path(__file__).resolve().parents[1]


@cache
def catalogue() -> Catalogue:
    """The entries as they are written; InvalidInput where Python cannot read them."""
    return read_catalogue(ROOT)


@cache
def platform(root: Path = ROOT) -> ResolvedPlatform:
    """The platform with the images that were built last, as `root` notes them; InvalidInput with every problem."""
    from constructs_lib.resolve import resolve

    return resolve(catalogue(), root)
