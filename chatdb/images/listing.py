"""The images that components run: under which names they are pulled, what they are built from, and how old they are."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from chatdb.git import run_git
from constructs_lib.gitops.environment_images import environment_images
from constructs_lib.image_reference import parse_image
from constructs_lib.model import Catalogue
from constructs_lib.problem import InvalidInput
from constructs_lib.resolve import image_tags
from constructs_lib.settings import Settings

DATE = re.compile(r"(?<!\d)(20\d\d)-?([01]\d)-?([0-3]\d)(?!\d)")
"""In a tag, as in RELEASE.2025-09-07T16-13-09Z."""
TAG, GIT = "tag", "git"


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedImage:
    """The image of a component; JSON has it as it is.

    `source` is the folder that it is built from, `made` the day of its content as `known_from` says: a date in its tag,
    or the commit that last changed its source or, where images.yaml has its tag, that tag. Both are None where nothing
    is known.
    """

    component: str
    image: str
    digest: str | None
    source: str | None
    made: str | None
    known_from: str | None


def listed(root: Path, catalogue: Catalogue, settings: Settings | None, tiers: Collection[str]) -> list[ListedImage]:
    """Those of the components of these tiers; with settings, under the names by which that environment pulls them.

    `catalogue` has the tags that were built, as that of a resolved platform does.
    """
    pulled = {one.name: one.reference for one in environment_images(root, catalogue, settings)} if settings else {}
    built = image_tags.read(root).tags
    sources = {image.source for name, image in catalogue.images.items() if image.source and name not in built}
    changed = _changed(root, sources)
    days = {tag: _tagged(root, tag) for tag in {*built.values()}}
    images = []
    for component in catalogue.components:
        if component.tier not in tiers or not component.image:
            continue
        image = catalogue.image(component)
        reference = parse_image(pulled.get(component.image, image.reference))
        made, known_from = _day(reference.tag or ""), TAG
        if image.source:
            made = days[built[component.image]] if component.image in built else changed.get(image.source)
            known_from = GIT
        images.append(
            ListedImage(
                component=component.name,
                image=str(reference),
                digest=reference.digest,
                source=image.source,
                made=made,
                known_from=known_from if made else None,
            )
        )
    return images


def _day(tag: str) -> str | None:
    """The date in a tag; None where there is none."""
    found = DATE.search(tag)
    try:
        return date(*map(int, found.groups())).isoformat() if found else None
    except ValueError:
        return None


def _tagged(root: Path, tag: str) -> str | None:
    """The day of the commit that wrote the tag into images.yaml; None where git does not know."""
    return next(iter(_log(root, f"-S{tag}", "-1", "--", image_tags.FILE)), None)


def _changed(root: Path, sources: Collection[str]) -> Mapping[str, str]:
    """Folder -> the day of the last commit that changed something in it."""
    if not sources:
        return {}
    days: dict[str, str] = {}
    day = ""
    for line in _log(root, "--name-only", "--", *sorted(sources)):
        if re.fullmatch(r"\d{4}-\d\d-\d\d", line):
            day = line
        else:
            days.update({name: day for name in sources if name not in days and line.startswith(f"{name}/")})
    return days


def _log(root: Path, *arguments: str) -> list[str]:
    """The lines of `git log`, with the day of each commit; none without git or a history, or with a part of it only."""
    days = ("--format=%cd", "--date=format-local:%Y-%m-%d")
    try:
        shallow = run_git(root, "rev-parse", "--is-shallow-repository")
        done = run_git(root, "log", *days, *arguments, env_vars={"TZ": "UTC"})
    except InvalidInput:
        return []
    whole = shallow.out.strip() == "false" and not done.code
    return [line for line in done.out.splitlines() if line] if whole else []
