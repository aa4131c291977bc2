"""Images that no registry could have, or that are another one tomorrow."""

from collections.abc import Callable, Iterator

from constructs_lib.image_reference import LATEST, InvalidImage, parse_digest, parse_repository, parse_tag
from constructs_lib.model import Catalogue, Image
from constructs_lib.problem import Problem
from constructs_lib.resolve.problems.places import IMAGES, entry

VERSION = "name a version, such as 1.2.3"


def problems(catalogue: Catalogue) -> Iterator[Problem]:
    """Of each image: its repository, its tag, its digest."""
    for name, image in catalogue.images.items():
        for defect, fix in _image(image):
            yield Problem(entry(IMAGES, name), defect, fix)


def tag_defects(tag: str) -> Iterator[tuple[str, str]]:
    """(what, fix) where the text is not a valid tag, or the one that moves."""
    if tag == LATEST:
        yield f"tag {LATEST!r} is another image tomorrow", VERSION
    else:
        yield from _defect(parse_tag, tag)


def _image(image: Image) -> Iterator[tuple[str, str]]:
    yield from _defect(parse_repository, image.repository)
    if image.tag is not None:
        yield from tag_defects(image.tag)
    elif image.digest is None or image.source:
        yield "it has no tag", VERSION
    if image.digest is not None:
        yield from _defect(parse_digest, image.digest)
    if image.digest is not None and image.source:
        yield "it has a digest, but is built here", "remove the digest: each build is another image"


def _defect(parse: Callable[[str], object], text: str) -> Iterator[tuple[str, str]]:
    try:
        parse(text)
    except InvalidImage as error:
        yield error.what, error.fix
