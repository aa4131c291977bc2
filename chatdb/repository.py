"""The repository that the command works on, and its platform, which is resolved once for each process."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from constructs_lib.model import Catalogue, Component, External
    from constructs_lib.resolved import ResolvedPlatform
    from constructs_lib.settings import Settings

ROOT = Path(__file__).resolve().parents[1]


@cache
def catalogue() -> "Catalogue":
    """The entries as they are written; InvalidInput where Python cannot read them."""
    from constructs_lib.read_catalogue import read_catalogue

    return read_catalogue(ROOT)


@cache
def platform(root: Path = ROOT) -> "ResolvedPlatform":
    """The platform with the images that were built last, as `root` notes them; InvalidInput with every problem."""
    from constructs_lib.resolve import resolve

    return resolve(catalogue(), root)


def platform_of(base: "ResolvedPlatform", settings: "Settings") -> "ResolvedPlatform":
    """The platform as an environment has it: varied by its traits, and without the tiers that it leaves out."""
    from constructs_lib.model import External
    from constructs_lib.resolve import varied

    made = varied(base, settings.traits, settings.options)
    components = tuple(one for one in made.components if one.tier in settings.tiers)
    names = {one.name for one in components}

    def there(node: "Component | External") -> bool:
        return isinstance(node, External) or node.name in names

    return replace(
        made,
        components=tuple(replace(one, after=tuple(name for name in one.after if name in names)) for one in components),
        links=tuple(link for link in made.links if there(link.consumer) and there(link.provider)),
    )
