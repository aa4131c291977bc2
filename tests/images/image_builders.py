"""Real programs that build images, with a storage of their own, which is gone afterwards: what a test asks of each."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from tests.command import RUN
from tests.images.sandbox import ROOT, check_restricted, check_stops, started
from tests.repository import copy_inputs

PASSED_ON = re.compile(r"^(?:\S+)\.(cert|extra-index-url|index-url|proxy|trusted-host)='(.*)'$", re.MULTILINE)
"""Settings of pip that say where packages are; what one of them says may be secret, and stays in the folder."""
MINUTES = 60
DEBIAN = "trixie"
PYTHON = ("python3", "python3-venv", "python3-pip", "python-is-python3", "ca-certificates")
"""The Python of the images' base, by Debian's packages."""
CONTAINED = (
    "setpriv", "--pdeathsig=KILL",
    "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
)  # fmt: skip
"""A command after this ends when who has started it ends, however; nothing that it started or mounted is left."""
SEAL = "sealing memfd copy: Device or resource busy"
"""Buildah copies itself into memory for each step; the kernel refuses to seal a page that it is moving just then."""
STORAGE = '[storage]\ndriver = "{driver}"\ngraphroot = "{folder}/store"\nrunroot = "{folder}/run"\n'


def debian(archive: Path, packages: Sequence[str], *hooks: str) -> None:
    """Write the files of Debian with these packages; hooks are mmdebstrap's options."""
    line = ("mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(packages)}", *hooks)
    run(*CONTAINED, *line, DEBIAN, str(archive))


def base_name() -> str:
    """What all Dockerfiles are built on."""
    texts = [path.read_text() for path in sorted((ROOT / "services").glob("*/Dockerfile"))]
    (name,) = {re.findall(r"^ARG PYTHON=(.*)$", text, re.MULTILINE)[0] for text in texts}
    return str(name)


def repository(root: Path) -> Path:
    """A copy of what the images are built from."""
    copy_inputs(root)
    shutil.copytree(ROOT / "services", root / "services", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / ".dockerignore", root / ".dockerignore")
    return root


def build(name: str, env_vars: Mapping[str, str], root: Path) -> str:
    """All that `chatdb images --build` and the builder print."""
    return chatdb_images(env_vars, root, "--build", "--builder", name)


def chatdb_images(env_vars: Mapping[str, str], root: Path, *options: str, network: Sequence[str] = ()) -> str:
    """The same of the command with these options; `network` begins a command in another network."""
    command = [*network, *CONTAINED, sys.executable, "-c", RUN, str(root), "images", *options]
    done = _combined(command, env_vars)
    if done.returncode and SEAL in done.stdout:
        print(f"trying once more: {SEAL}", file=sys.stderr)
        done = _combined(command, env_vars)
    assert done.returncode == 0, done.stdout
    return done.stdout


def _combined(command: Sequence[str], env_vars: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run it, with both its outputs as one."""
    pipe, both, seconds = subprocess.PIPE, subprocess.STDOUT, MINUTES * 60
    return subprocess.run(command, env=env_vars, stdout=pipe, stderr=both, text=True, timeout=seconds, check=False)


class ImageBuilder(Protocol):
    """What builds, and then runs what it has built."""

    env_vars: Mapping[str, str]
    """With which its program works in the test's own storage, and on the command line that users have."""
    network: Sequence[str]
    """How a command begins that shares the network of what pushes."""

    def take_base(self, archive: Path, name: str) -> None:
        """Have the files of the archive as an image of Docker Hub's of that name."""

    def config(self, reference: str) -> dict[str, Any]:
        """What the image says of itself, as OCI has it."""

    def files(self, reference: str, folder: Path) -> AbstractContextManager[Path]:
        """The image's files as a folder, with their owners; `folder` is empty."""

    def check_runs(self, name: str, reference: str, root: Path, folder: Path) -> None:
        """Its service starts as in its pod, lives, is restricted, and ends by SIGTERM; `root` has the image's files."""


def run(*command: str, env_vars: Mapping[str, str] | None = None) -> str:
    """Standard output of a program that has to end well."""
    done = subprocess.run(command, env=env_vars, stdout=subprocess.PIPE, text=True, timeout=MINUTES * 60, check=True)
    return done.stdout.strip()


def need_programs(*names: str) -> None:
    """What was asked for and is missing is a failure."""
    missing = [name for name in names if not shutil.which(name)]
    assert not missing, f"missing: {' '.join(missing)}; docs/testing.md says what to install"
    assert os.geteuid() == 0, "run it as root: it makes a file system of Debian's packages"


def pip_files(folder: Path) -> dict[str, str]:
    """Files of this machine -> their places in a build, so that pip finds packages there; no image may have them."""
    settings = dict(PASSED_ON.findall(run(sys.executable, "-m", "pip", "config", "list")))
    (folder / "pip.conf").write_text("[global]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items()))
    certificates = {settings["cert"]: settings["cert"]} if "cert" in settings else {}
    return {str(folder / "pip.conf"): "/etc/pip.conf"} | certificates


class Buildah:
    """Buildah, told everything by configuration."""

    network: Sequence[str] = ()

    def __init__(self, folder: Path, driver: str = "vfs") -> None:
        """Its storage, and what it has to know, are in the folder."""
        volumes = json.dumps([f"{source}:{target}:ro" for source, target in pip_files(folder).items()])
        (folder / "containers.conf").write_text(f"[containers]\nvolumes = {volumes}\n")
        (folder / "storage.conf").write_text(STORAGE.format(folder=folder, driver=driver))
        self.env_vars: Mapping[str, str] = os.environ | {
            "BUILDAH_ISOLATION": "chroot",
            "CONTAINERS_CONF": str(folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
            "TMPDIR": str(folder),
        }

    def take_base(self, archive: Path, name: str) -> None:
        """A container from nothing, committed."""
        container = self._run("from", "scratch")
        self._run("add", "--quiet", container, str(archive), "/")
        self._run("commit", "--quiet", "--rm", container, f"docker.io/library/{name}")

    def config(self, reference: str) -> dict[str, Any]:
        """By `buildah inspect`."""
        config: dict[str, Any] = json.loads(self._run("inspect", "--type", "image", reference))["OCIv1"]["config"]
        return config

    @contextmanager
    def files(self, reference: str, folder: Path) -> Iterator[Path]:  # noqa: ARG002 - where buildah mounts is its own choice
        """As buildah mounts it."""
        container = self._run("from", reference)
        yield Path(self._run("mount", container))
        self._run("rm", container)

    def check_runs(self, name: str, reference: str, root: Path, folder: Path) -> None:  # noqa: ARG002 - the files are enough
        """With the image's files as its root: buildah starts nothing but builds."""
        with started(name, root, {}, folder) as (server, _):
            check_restricted(server)
            check_stops(server)

    def _run(self, *arguments: str) -> str:
        return run("buildah", *arguments, env_vars=self.env_vars)


@contextmanager
def buildah(folder: Path) -> Iterator[ImageBuilder]:
    """Nothing runs between its commands."""
    need_programs("buildah")
    yield Buildah(folder)
