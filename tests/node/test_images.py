"""Images of a real node: archives, names, a recipe for all that the platform names, and the end of what makes them."""

import fcntl
import io
import json
import os
import subprocess
import sys
import tarfile
from contextlib import nullcontext
from pathlib import Path

import pytest

from catalogue.components import CATALOGUE
from chatdb.local.processes import wait_for
from constructs_lib.image_reference import parse_image
from tests.images import image_builders
from tests.node import images
from tests.node.oci import CONTAINERD_NAME, Entry, File, Folder, Layout, Link, Settings
from tests.repository import ROOT, manifests

STARTING, ENDING = 60, 20


def content(archive: tarfile.TarFile, member: tarfile.TarInfo | str) -> bytes:
    """A file of the archive."""
    file = archive.extractfile(member)
    assert file is not None, member
    return file.read()


def archived(layout: Layout, names: dict[str, str]) -> dict[str, bytes]:
    """What is in the archive of some images."""
    target = io.BytesIO()
    layout.archive(names, target)
    target.seek(0)
    with tarfile.open(fileobj=target) as archive:
        return {one.name: content(archive, one) for one in archive.getmembers()}


def blob(files: dict[str, bytes], descriptor: dict[str, str]) -> bytes:
    """A part of an image."""
    return files["blobs/sha256/" + descriptor["digest"].removeprefix("sha256:")]


def test_layer(tmp_path: Path) -> None:
    """It has its files, folders and links with modes and owners, and is the same for the same entries."""
    (tmp_path / "lib/deep").mkdir(parents=True)
    (tmp_path / "lib/deep/tool").write_text("tool")
    (tmp_path / "lib/deep/tool").chmod(0o755)
    entries: dict[str, Entry] = {
        "bin/run": File("run", 0o755, 7),
        "bin/link": Link("run"),
        "data": Folder(0o1777, 8),
        "lib": File(tmp_path / "lib"),
    }
    layout = Layout(tmp_path / "layout")
    made = layout.layer(entries)
    assert layout.layer(dict(reversed(entries.items()))) == made
    assert layout.layer(entries | {"more": File("")}) != made
    with tarfile.open(layout.blobs / made["digest"].removeprefix("sha256:")) as archive:
        members = {one.name: (one.mode, one.uid, one.linkname, one.mtime) for one in archive.getmembers()}
        assert content(archive, "lib/deep/tool") == b"tool"
    assert members == {
        "bin/link": (0o644, 0, "run", 0),
        "bin/run": (0o755, 7, "", 0),
        "data": (0o1777, 8, "", 0),
        "lib/deep/tool": (0o755, 0, "", 0),
    }


def test_archive(tmp_path: Path) -> None:
    """It has the images that are asked for with all their parts, under the names of the node, and no other."""
    layout = Layout(tmp_path)
    shared, own = layout.layer({"a": File("a")}), layout.layer({"b": File("b")})
    layout.add("one:1", [shared, own], Settings(("/b",), ("x",), user="7", env_vars={"A": "1"}))
    layout.add("two:1", [shared], Settings(("/a",)))
    files = archived(layout, {"there:2": "one:1"})
    (listed,) = json.loads(files["index.json"])["manifests"]
    assert listed["annotations"] == {CONTAINERD_NAME: "there:2"}
    assert listed["digest"] == layout.images()["one:1"]
    manifest = json.loads(blob(files, listed))
    config = json.loads(blob(files, manifest["config"]))
    assert [layer["digest"] for layer in manifest["layers"]] == config["rootfs"]["diff_ids"]
    assert config["config"] == {
        "Entrypoint": ["/b"],
        "Cmd": ["x"],
        "User": "7",
        "WorkingDir": "/",
        "Env": ["A=1"],
    }
    assert len(files) == 2 + 2 + 2


def test_name_has_one_image(tmp_path: Path) -> None:
    """An image of the same name replaces the one before; what is not kept is removed with what it alone has."""
    layout = Layout(tmp_path)
    first, kept = layout.layer({"a": File("a")}), layout.layer({"a": File("c")})
    before = layout.add("one:1", [first], Settings(("/a",)))
    after = layout.add("one:1", [layout.layer({"a": File("b")})], Settings(("/a",)))
    layout.add("two:1", [first], Settings(("/a",)))
    assert before != after
    assert layout.images()["one:1"] == after
    layout.keep(["one:1"], [kept])
    assert layout.images() == {"one:1": after}
    assert archived(layout, {"one:1": "one:1"})
    assert len(list(layout.blobs.iterdir())) == 4


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("postgres:17.7", "docker.io/library/postgres:17.7"),
        ("prom/prometheus:v3", "docker.io/prom/prometheus:v3"),
        ("quay.io/argoproj/argocd:v3.6.1", "quay.io/argoproj/argocd:v3.6.1"),
    ],
)
def test_full_name(reference: str, name: str) -> None:
    """A short name is Docker Hub's, as containerd has it."""
    assert images.full(reference) == name


def test_every_image_has_a_recipe() -> None:
    """What the manifests of any environment name is built from this repository, or has a recipe."""
    listed = images.named(manifests())
    assert len(listed) > 12
    known = {image.repository for image in images.OURS.values()} | set(images.RECIPES)
    assert {parse_image(reference).path for reference in listed} <= known
    # That of the trait postgres-cloudnative-pg is made where its operator is: tests/node/cloudnative_pg.py.
    assert {image.repository for image in CATALOGUE.images.values()} - known == {"ghcr.io/cloudnative-pg/postgresql"}


def test_unknown_image(tmp_path: Path) -> None:
    """An image without a recipe is named, with what to do."""
    with pytest.raises(LookupError, match=r"no image for other/thing:1 on a real node: add a recipe to images\.py"):
        images.Images(tmp_path).take(["other/thing:1"])


BUILDER = """#!/bin/sh
setsid flock "$LOCK" sleep 120 &
wait
"""
STARTER = """
import os, sys
from pathlib import Path
from tests.images import image_builders

sys.executable = sys.argv[1]
{}
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="images are built by root")
@pytest.mark.parametrize("call", ["build('buildah', os.environ, Path('/'))", "debian(Path('archive'), ())"])
def test_build_ends_with_its_starter(call: str, tmp_path: Path) -> None:
    """SIGKILL leaves nothing of a build behind, also of what has a session of its own."""
    builder = tmp_path / "mmdebstrap"
    builder.write_text(BUILDER)
    builder.chmod(0o755)
    env_vars = {"LOCK": str(tmp_path / "lock"), "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-c", STARTER.format(f"image_builders.{call}"), str(builder)]
    with (tmp_path / "lock").open("w") as lock, subprocess.Popen(line, env=env_vars) as starter:

        def held() -> bool:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            fcntl.flock(lock, fcntl.LOCK_UN)
            return False

        try:
            wait_for("the build has begun", STARTING, held)
        finally:
            starter.kill()
        wait_for("nothing of the build is left", ENDING, lambda: not held())


REFUSED = """#!/bin/sh
echo build >> "$NOTED"
echo "$SAYS"
test "$(wc -l < "$NOTED")" -ge 2
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="images are built by root")
@pytest.mark.parametrize(("says", "builds"), [(f"Close_Fd {image_builders.SEAL}", 2), ("no space left", 1)])
def test_build_that_the_kernel_refused_is_repeated(
    says: str, builds: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, and only where buildah says that its copy could not be sealed."""
    program, noted = tmp_path / "program", tmp_path / "noted"
    program.write_text(REFUSED)
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with nullcontext() if builds == 2 else pytest.raises(AssertionError, match=says):
        image_builders.build("buildah", {**os.environ, "NOTED": str(noted), "SAYS": says}, tmp_path)
    assert len(noted.read_text().splitlines()) == builds
