"""Images of this repository as an environment pulls them: from its registry, by digest where it is known."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from constructs_lib.model import Catalogue
from constructs_lib.pods import all_containers, image_names, pod_spec
from constructs_lib.rendered import Manifest
from constructs_lib.resolve import image_tags
from constructs_lib.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentImage:
    """An image of this repository in an environment with a registry.

    `name` is its name in the catalogue, `built` the repository of its name in dist/, `repository` the one that the
    environment pulls it from, both with the same tag. Without a `digest` it was not pushed there with that tag.
    """

    name: str
    built: str
    repository: str
    tag: str
    digest: str | None

    @property
    def in_dist(self) -> str:
        """What the containers of dist/ name."""
        return f"{self.built}:{self.tag}"

    @property
    def tagged(self) -> str:
        """Its name in the registry, whatever the digest there is."""
        return f"{self.repository}:{self.tag}"

    @property
    def reference(self) -> str:
        """What the environment's containers name."""
        return self.tagged + (f"@{self.digest}" if self.digest else "")


def environment_images(root: Path, catalogue: Catalogue, settings: Settings) -> tuple[EnvironmentImage, ...]:
    """Those that are built here, sorted by name; none where the environment has no registry.

    `catalogue` has the tags that were built, as that of a resolved platform does. Digests are those that images.yaml
    below `root` has for these tags in the environment's registry. Images of others are never among them.
    """
    if settings.registry is None:
        return ()
    pushed = image_tags.read(root)
    return tuple(
        EnvironmentImage(
            name=name,
            built=image.repository,
            repository=f"{settings.registry}/{image.repository.rpartition('/')[2]}",
            tag=image.tag,
            digest=pushed.digest(settings.registry, name, image.tag),
        )
        for name, image in sorted(catalogue.images.items())
        if image.source and image.tag
    )


def used_images(images: Iterable[EnvironmentImage], objects: Iterable[Manifest]) -> list[EnvironmentImage]:
    """Those among them that containers of the objects of dist/ name."""
    used = {name for one in objects for name in image_names(one)}
    return [image for image in images if image.in_dist in used]


def kustomize_images(images: Iterable[EnvironmentImage]) -> list[dict[str, str]]:
    """The entries of a kustomization's `images` that put them into what dist/ has.

    Kustomize writes <newName>:<newTag>@<digest> where it is given both, and drops the tag where it is given a digest
    alone; it reads `name` as a regular expression.
    """
    return [
        {"name": image.built.replace(".", r"\."), "newName": image.repository, "newTag": image.tag}
        | ({"digest": image.digest} if image.digest else {})
        for image in images
    ]


def with_images(manifest: Manifest, images: Iterable[EnvironmentImage]) -> dict[str, Any]:
    """A copy of the object in which containers name these images as the environment does; all else stays."""
    references = {image.in_dist: image.reference for image in images}
    changed = deepcopy(dict(manifest))
    container: Any
    for container in all_containers(pod_spec(changed) or {}):
        if container.get("image") in references:
            container["image"] = references[container["image"]]
    return changed
