"""How old images are: from their tags, and from git's history."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from catalogue.components import CATALOGUE
from chatdb.images.listing import ListedImage, listed
from tests.repository import IDENTITY

SOURCE = "services/ml-engine"


def git(folder: Path, *arguments: str, day: str = "2026-01-01") -> None:
    """Run it, at noon of that day."""
    dates = {f"GIT_{who}_DATE": f"{day}T12:00:00+00:00" for who in ("AUTHOR", "COMMITTER")}
    subprocess.run(["git", "-C", str(folder), *arguments], env=os.environ | IDENTITY | dates, check=True, timeout=60)


def commit(folder: Path, name: str, text: str, day: str) -> None:
    """Change a file, and commit it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", name, day=day)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """The source of one image changes, and later something else."""
    folder = tmp_path / "work"
    folder.mkdir()
    git(folder, "init", "-q")
    commit(folder, f"{SOURCE}/Dockerfile", "FROM a", "2026-02-01")
    commit(folder, f"{SOURCE}/main.py", "pass", "2026-02-03")
    commit(folder, f"{SOURCE}-other/main.py", "pass", "2026-02-05")
    commit(folder, "README.md", "later", "2026-03-01")
    return folder


def ages(folder: Path) -> dict[str, ListedImage]:
    """By component."""
    return {one.component: one for one in listed(folder, CATALOGUE, None, CATALOGUE.tiers)}


def test_last_commit_of_the_source(history: Path) -> None:
    """A folder whose name begins alike is another one; what was never committed is unknown."""
    images = ages(history)
    assert (images["ml-engine"].made, images["ml-engine"].known_from) == ("2026-02-03", "git")
    assert (images["query-parser"].made, images["query-parser"].known_from) == (None, None)


def test_tag_that_was_built(history: Path) -> None:
    """The commit that wrote the tag, whatever has changed since: in the source, or for other images."""
    commit(history, "images.yaml", "ml-engine: content-0123456789ab\n", "2026-03-02")
    commit(history, "images.yaml", "ml-engine: content-0123456789ab\nquery-parser: content-b\n", "2026-03-04")
    commit(history, f"{SOURCE}/main.py", "changed", "2026-03-05")
    images = ages(history)
    assert (images["ml-engine"].made, images["query-parser"].made) == ("2026-03-02", "2026-03-04")
    (history / "images.yaml").write_text("ml-engine: content-not-committed\n")
    assert ages(history)["ml-engine"].made is None


@pytest.mark.parametrize(
    ("tag", "day"),
    [
        ("RELEASE.2025-09-07T16-13-09Z", "2025-09-07"),
        ("v1-20251231", "2025-12-31"),
        ("20251331", None),
        ("2025-02-30", None),
        ("120251201", None),
        ("v2.47.0", None),
    ],
)
def test_date_in_the_tag(tmp_path: Path, tag: str, day: str | None) -> None:
    """Only what is a date, and not a part of a longer number."""
    images = {name: replace(image, tag=tag) for name, image in CATALOGUE.images.items() if not image.source}
    dated = replace(CATALOGUE, images={**CATALOGUE.images, **images})
    (kafka,) = [one for one in listed(tmp_path, dated, None, CATALOGUE.tiers) if one.component == "kafka"]
    assert (kafka.made, kafka.known_from) == (day, "tag" if day else None)


def test_a_part_of_the_history_is_not_enough(history: Path, tmp_path: Path) -> None:
    """The oldest commit of a shallow clone seems to have changed everything."""
    git(tmp_path, "clone", "-q", "--depth", "1", history.as_uri(), "shallow")
    assert {one.made for one in ages(tmp_path / "shallow").values() if one.source} == {None}
