"""The images, really built, run and pushed: `make images-test`. No registry has the base: it is made of Debian.

Debian 13 has the Python of the images' base in its packages, so a folder of it is tagged under that base's name, in a
storage that is gone afterwards. Packages for Python come from where pip on this machine finds them.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import yaml

from catalogue.components import CATALOGUE
from chatdb.images.content import contents
from chatdb.local.processes import scratch_folder
from tests.images.docker_daemon import docker
from tests.images.image_builders import (
    PYTHON,
    ImageBuilder,
    base_name,
    build,
    buildah,
    chatdb_images,
    debian,
    need_programs,
    repository,
)
from tests.images.registry_server import registry_server
from tests.images.sandbox import ROOT, check_refuses, entrypoint
from tests.repository import PLATFORM

ASKED = os.environ.get("CHATDB_IMAGES") == "yes"
IMAGES = sorted(name for name, image in CATALOGUE.images.items() if image.source)
JOBS = [one.name for one in PLATFORM.components if one.image in IMAGES and not one.ports]
BUILDERS: Mapping[str, Callable[[Path], AbstractContextManager[ImageBuilder]]] = {"buildah": buildah, "docker": docker}
SIGNS = {"buildah": "STEP 1", "docker": "[internal] load build definition"}
"""What each says while it builds; docker's builder before BuildKit does not say this."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a builder of that name has built in a copy of the repository: name of an image -> its tag."""

    name: str
    builder: ImageBuilder
    root: Path
    tags: Mapping[str, str]


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    """An archive of Debian with its Python."""
    if not ASKED:
        pytest.skip("not run: images are built by `make images-test`, which needs root and some minutes")
    need_programs("mmdebstrap")
    with scratch_folder() as folder:
        archive = folder / "base.tar"
        debian(archive, PYTHON)
        yield archive


@pytest.fixture(scope="module", params=BUILDERS)
def built(request: pytest.FixtureRequest, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """All images, built by the command in a copy of the repository; the builder is gone afterwards."""
    with scratch_folder() as folder, BUILDERS[request.param](folder) as builder:
        builder.take_base(base, base_name())
        root = repository(tmp_path_factory.mktemp("repository"))
        assert SIGNS[request.param] in build(request.param, builder.env_vars, root)
        again = build(request.param, builder.env_vars, root)
        assert f"{request.param} build" not in again
        assert "images.yaml is as it was" in again
        tags = yaml.safe_load((root / "images.yaml").read_text())
        yield Built(request.param, builder, root, tags)


@pytest.mark.parametrize("name", IMAGES)
def test_image(name: str, built: Built, tmp_path: Path) -> None:
    """It holds what was hashed and no more, nothing its user may write, and starts: a service lives, a Job refuses."""
    reference = f"docker.io/chatdb/{name}:{built.tags[name]}"
    config = built.builder.config(reference)
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == entrypoint(name)
    (tmp_path / "files").mkdir()
    (tmp_path / "run").mkdir()
    with built.builder.files(reference, tmp_path / "files") as root:
        check_files(name, root)
        if name in JOBS:
            check_refuses(name, root, {})
            return
        built.builder.check_runs(name, reference, root, tmp_path / "run")


def test_push(built: Built) -> None:
    """To a real registry: images.yaml has what its files say, a second push has nothing to do, and all is there."""
    network = built.builder.network
    with scratch_folder() as folder, registry_server(folder, network=network) as server:
        settings = yaml.safe_load((built.root / "chatdb.yaml").read_text())
        settings["environments"]["minikube"]["registry"] = server.registry
        (built.root / "chatdb.yaml").write_text(yaml.safe_dump(settings))
        run = partial(chatdb_images, built.builder.env_vars, built.root, network=network)
        run("--push", "--builder", built.name)
        written = yaml.safe_load((built.root / "images.yaml").read_text())["registries"][server.registry]
        assert written == {name: f"{tag}@{server.written(name, tag)}" for name, tag in built.tags.items()}
        again = run("--push", "--builder", built.name)
        assert again.count(" is there\n") == len(IMAGES)
        assert f"{built.name} push" not in again
        assert "0 findings" in run("--verify")


def check_files(name: str, root: Path) -> None:
    """What was copied, no tools, no pip, no settings of this machine."""
    assert sources(root / "app") == wanted(name)
    tools = ("gcc", "cc", "make", "git", "curl")
    assert [tool for tool in tools if list(root.glob(f"*/bin/{tool}")) + list(root.glob(f"usr/bin/{tool}"))] == []
    assert list(root.glob("venv/lib/*/site-packages/pip")) == []
    assert [path for top in ("app", "venv") for path in (root / top).rglob("*") if writable(path)] == []
    assert (root / "etc/pip.conf").exists() is False


def writable(path: Path) -> bool:
    """Whether the service's user may change it."""
    status = path.lstat()
    return not path.is_symlink() and (status.st_uid != 0 or bool(status.st_mode & 0o022))


def sources(folder: Path) -> set[tuple[str, str]]:
    """(relative name, SHA-256) of every file but what was compiled."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.parent.name != "__pycache__")
    return {(path.relative_to(folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files}


def wanted(name: str) -> set[tuple[str, str]]:
    """The same of what the Dockerfile copies into /app."""
    files = {name.split("/", 2)[2]: path for name, path in contents(ROOT, f"services/{name}").items()}
    hashes = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items() if "/" in name}
    return set(hashes.items())
