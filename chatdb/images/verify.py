"""Whether a registry has what an environment pulls from it."""

from collections.abc import Iterator, Sequence
from typing import Any

from chatdb.images.registry import manifest_digest
from constructs_lib.command import COMMAND
from constructs_lib.gitops.environment_images import EnvironmentImage
from constructs_lib.problem import Problem
from constructs_lib.settings import Settings

Verified = list[tuple[EnvironmentImage, tuple[Problem, ...]]]
"""Each image of an environment, and what its registry lacks of it."""


def verify(images: Sequence[EnvironmentImage], environment: str) -> Verified:
    """What the registry lacks of each image; InvalidInput where it does not answer."""
    return [(image, tuple(_problems(image, environment))) for image in images]


def values(settings: Settings, verified: Verified) -> dict[str, Any]:
    """The same for programs."""
    listed = [
        {
            "image": image.name,
            "reference": image.reference,
            "findings": [{"what": problem.what, "fix": problem.fix} for problem in problems],
        }
        for image, problems in verified
    ]
    return {"environment": settings.environment, "registry": settings.registry, "images": listed}


def _problems(image: EnvironmentImage, environment: str) -> Iterator[Problem]:
    """A digest that is not there, and a tag that is not there or has moved."""
    tagged = manifest_digest(image.repository, image.tag)
    if tagged and tagged == (image.digest or tagged):
        return
    where = image.tagged
    push = f"run `{COMMAND} images --push -e {environment}`"
    if image.digest and manifest_digest(image.repository, image.digest) is None:
        yield Problem(where, f"{image.digest} is not in the registry", push)
    if tagged is None:
        what = "the tag is not in the registry any more" if image.digest else "was never pushed"
        yield Problem(where, what, push)
    else:
        what = f"the tag is {tagged} there, and not {image.digest}"
        yield Problem(where, what, f"find out who has pushed that; {push} to have yours again")
