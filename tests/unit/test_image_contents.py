"""What goes into an image decides its tag, and nothing else does."""

import os
from pathlib import Path

import pytest

from catalogue.components import CATALOGUE
from chatdb.images.content import contents, copy, tag
from chatdb.images.dockerignore import ignored
from constructs_lib.problem import InvalidInput
from tests.repository import ROOT

DOCKERFILE = """FROM python AS build
COPY svc/requirements.lock common/shared \\
     /app/
COPY --chown=1:1 svc/pkg /app/pkg
FROM python
COPY --from=build /app /app
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A service with what its Dockerfile copies, and files beside it that are left out."""
    texts = {
        ".dockerignore": "*\n!svc/requirements.lock\n!svc/pkg\n!common\n**/tests\n**/__pycache__\n",
        "svc/Dockerfile": DOCKERFILE,
        "svc/requirements.lock": "a==1\n",
        "svc/README.md": "not copied\n",
        "svc/pkg/__init__.py": "",
        "svc/pkg/deep/a.py": "1\n",
        "svc/pkg/tests/test_a.py": "2\n",
        "svc/pkg/__pycache__/a.pyc": "3\n",
        "common/shared/b.py": "4\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_contents_are_what_is_copied(folder: Path) -> None:
    """The Dockerfile, the sources of its lines, and nothing that .dockerignore leaves out."""
    assert list(contents(folder, "svc")) == [
        "common/shared/b.py",
        "svc/Dockerfile",
        "svc/pkg/__init__.py",
        "svc/pkg/deep/a.py",
        "svc/requirements.lock",
    ]


@pytest.mark.parametrize("name", ["svc/Dockerfile", "svc/requirements.lock", "svc/pkg/deep/a.py", "common/shared/b.py"])
def test_every_content_changes_the_tag(folder: Path, name: str) -> None:
    """One more byte in any of them is another image."""
    before = tag(contents(folder, "svc"))
    with (folder / name).open("a") as file:
        file.write("\n")
    assert tag(contents(folder, "svc")) != before


def test_names_and_rights_change_the_tag(folder: Path) -> None:
    """A file that moves, comes, or becomes a program."""
    tags = [tag(contents(folder, "svc"))]
    (folder / "svc/pkg/deep/a.py").rename(folder / "svc/pkg/deep/b.py")
    tags.append(tag(contents(folder, "svc")))
    (folder / "svc/pkg/new.py").touch()
    tags.append(tag(contents(folder, "svc")))
    (folder / "svc/pkg/new.py").chmod(0o755)
    tags.append(tag(contents(folder, "svc")))
    assert len(set(tags)) == 4


def test_nothing_else_changes_the_tag(folder: Path) -> None:
    """Neither times, nor what is left out, nor where the repository is."""
    before = tag(contents(folder, "svc"))
    os.utime(folder / "svc/pkg/deep/a.py", (1, 1))
    (folder / "svc/README.md").write_text("other\n")
    (folder / "svc/pkg/tests/test_a.py").write_text("other\n")
    (folder / "svc/pkg/__pycache__/a.pyc").unlink()
    moved = folder.rename(folder.with_name("elsewhere"))
    assert tag(contents(moved, "svc")) == before


def test_a_copy_has_the_same_tag(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is built from is what was hashed."""
    (folder / "svc/pkg/deep/a.py").chmod(0o755)
    files = contents(folder, "svc")
    out = tmp_path_factory.mktemp("out")
    assert tag(copy(files, out)) == tag(files)
    assert {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} == set(files)


def test_what_is_missing_is_named(folder: Path) -> None:
    """All lines at once; what is left out cannot be copied either."""
    text = (folder / "svc/Dockerfile").read_text()
    (folder / "svc/Dockerfile").write_text(f"{text}COPY svc/gone /a\nCOPY svc/README.md /a\n")
    with pytest.raises(InvalidInput) as refused:
        contents(folder, "svc")
    assert [problem.what for problem in refused.value.problems] == [
        "nothing of svc/gone is there to copy",
        "nothing of svc/README.md is there to copy",
    ]


@pytest.mark.parametrize(
    ("patterns", "name", "out"),
    [
        ("*", "a/b", True),
        ("*\n!a", "a/b", False),
        ("*\n!a/*_*", "a/b_c/d", False),
        ("*\n!a/*_*", "a/bc/d", True),
        ("*\n!a\n**/tests", "a/x/tests/y", True),
        ("**/tests", "tests/y", True),
        ("a/?.py", "a/b.py", True),
        ("a/?.py", "a/bc.py", False),
        ("a/**/z", "a/z", True),
        ("a/**/z", "a/b/c/z", True),
        ("/a/", "a/b", True),
        ("a", "b/a", False),
        ("# a\n\n", "# a", False),
        ("a.py", "axpy", False),
    ],
)
def test_dockerignore(patterns: str, name: str, out: bool) -> None:
    """Docker's rules: from the root, `**` for any folders, whole folders, and the last one that fits decides."""
    assert ignored(patterns)(name) is out


SOURCES = sorted(
    image.source
    for image in CATALOGUE.images.values()
    if image.source and (ROOT / image.source / "Dockerfile").exists()
)


@pytest.mark.parametrize("source", SOURCES)
def test_our_images_hold_a_lock_and_a_program(source: str) -> None:
    """What their Dockerfiles copy is there: a lock and a package that starts; and no tests."""
    names = contents(ROOT, source)
    assert f"{source}/requirements.lock" in names
    assert sum(name.startswith(f"{source}/") and name.endswith("/__main__.py") for name in names) == 1
    assert [name for name in names if "/tests/" in name or "__pycache__" in name] == []


def test_no_folder_on_the_way_is_left_out() -> None:
    """Docker skips such a folder; then `docker build` from the root, as the Dockerfiles say, finds nothing."""
    left_out = ignored((ROOT / ".dockerignore").read_text())
    sources = [image.source for image in CATALOGUE.images.values() if image.source and (ROOT / image.source).exists()]
    copied = {Path(name) for source in sources for name in contents(ROOT, source) if not name.endswith("Dockerfile")}
    ways = {way.as_posix() for path in copied for way in path.parents} - {"."}
    assert len(ways) > len(sources)
    assert [way for way in sorted(ways) if left_out(way)] == []
    assert left_out("services/mypy.ini")
    assert left_out("tests")
