"""Images of a promotion: what was pushed to the other registry is what the first environment runs, digest by digest."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from chatdb.committed import builds
from constructs_lib.command import COMMAND
from constructs_lib.pods import image_names
from constructs_lib.problem import Problem
from constructs_lib.rendered import Manifest
from constructs_lib.settings import FILE, Settings
from constructs_lib.yaml_files import read_document

Objects = Mapping[str, Sequence[Manifest]]
"""Tier -> what it renders to."""


def image_problems(promoted: Path, source: Settings, target: Settings, deployed: Objects) -> Iterator[Problem]:
    """Images of the target's registry that are not there by digest, or are not those that the source runs.

    `promoted` is the tree of the commit, which says what the registries are; `deployed` is what the target renders to.
    """
    raw, _ = read_document(promoted / FILE, FILE, f"run `{COMMAND} init`")
    theirs, ours = (raw["environments"][one.environment].get("registry") for one in (source, target))
    if ours is None:
        return
    proven = _digests(builds(promoted, source.environment, source.tiers), theirs) if theirs else {}
    push = f"`{COMMAND} images --push -e {target.environment}`"
    fix = f"run {push}, commit, run `{COMMAND} release -e {source.environment}`, and promote that"
    for name, digest in sorted(_digests(deployed, ours).items()):
        other = proven.get(name)
        if not digest:
            yield Problem(f"image {ours}/{name}", "has no digest: it was not pushed there before the commit", fix)
        elif other and other != digest:
            message = f"is {digest}, and {source.environment} runs {other}: it was built again"
            fix = f"push with {push} where the first one was built, then as after every push: {fix}"
            yield Problem(f"image {ours}/{name}", message, fix)


def _digests(objects: Objects, registry: str) -> dict[str, str]:
    """<name>:<tag> -> digest of each image of the registry that a pod names; an empty text where it names none."""
    digests = {}
    manifests = (manifest for of_tier in objects.values() for manifest in of_tier)
    for reference in (name for manifest in manifests for name in image_names(manifest)):
        if reference.startswith(f"{registry}/"):
            name, _, digest = reference.removeprefix(f"{registry}/").partition("@")
            digests[name] = digest
    return digests
