"""images.yaml: what a build and a push leave in it, and what is read of it again."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from constructs_lib.resolve.image_tags import FILE, BuiltImages, read, write

TAG, OTHER = "content-0123456789ab", "content-ba9876543210"
DIGEST = f"sha256:{'0f' * 32}"
HERE, THERE = "registry.example/chatdb", "localhost:5000"
PUSHED = BuiltImages(
    {"ml-engine": TAG, "query-parser": OTHER},
    {HERE: {"ml-engine": (TAG, DIGEST)}, THERE: {"ml-engine": (OTHER, DIGEST), "query-parser": (OTHER, DIGEST)}},
)


def content(root: Path) -> object:
    """What the file says."""
    return yaml.safe_load((root / FILE).read_text())


def test_defaults(tmp_path: Path) -> None:
    """Nothing was built; and what was built and never pushed is a mapping of names to tags, as it always was."""
    assert read(tmp_path) == BuiltImages()
    write(tmp_path, BuiltImages({"query-parser": OTHER, "ml-engine": TAG}))
    assert content(tmp_path) == {"ml-engine": TAG, "query-parser": OTHER}
    assert (tmp_path / FILE).read_text().splitlines()[1:] == [f"ml-engine: {TAG}", f"query-parser: {OTHER}"]


def test_custom(tmp_path: Path) -> None:
    """Digests are kept by registry, each with its tag; what is read is what was written."""
    write(tmp_path, PUSHED)
    assert content(tmp_path) == {
        "tags": {"ml-engine": TAG, "query-parser": OTHER},
        "registries": {
            THERE: {"ml-engine": f"{OTHER}@{DIGEST}", "query-parser": f"{OTHER}@{DIGEST}"},
            HERE: {"ml-engine": f"{TAG}@{DIGEST}"},
        },
    }
    assert read(tmp_path) == PUSHED


def test_digest_is_of_a_tag_in_a_registry() -> None:
    """Neither of another tag, nor of another registry, nor of another image."""
    assert PUSHED.digest(HERE, "ml-engine", TAG) == DIGEST
    assert PUSHED.digest(THERE, "ml-engine", TAG) is None
    assert PUSHED.digest(HERE, "query-parser", OTHER) is None
    assert PUSHED.digest("registry.example", "ml-engine", TAG) is None


def test_image_that_is_gone_takes_its_digests(tmp_path: Path) -> None:
    """A registry of which nothing is left is not written, and where none is left the file is the flat one."""
    write(tmp_path, replace(PUSHED, tags={"query-parser": OTHER}))
    assert read(tmp_path).registries == {THERE: {"query-parser": (OTHER, DIGEST)}}
    write(tmp_path, replace(PUSHED, tags={"test-service": OTHER}))
    assert content(tmp_path) == {"test-service": OTHER}


@pytest.mark.parametrize("name", ["tags", "registries"])
def test_images_may_have_any_name(tmp_path: Path, name: str) -> None:
    """Also that of a key of the other form."""
    for images in (BuiltImages({name: TAG}), BuiltImages({name: TAG}, {HERE: {name: (TAG, DIGEST)}})):
        write(tmp_path, images)
        assert read(tmp_path, [name]) == images
