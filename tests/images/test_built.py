"""The images, really built with buildah and run: `make images-test`. No registry is asked: the base is made of Debian.

Debian 13 has the Python of the images' base in its packages, so a folder of it is tagged under that base's name, in a
storage that is gone afterwards. Packages for Python come from where pip on this machine finds them.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from repository import copy_inputs
from sandbox import ROOT, check_refuses, check_restricted, check_stops, entrypoint, started

from constructs_lib.catalogue.components import CATALOGUE
from constructs_lib.images.content import contents
from constructs_lib.local.processes import scratch_folder

ASKED = os.environ.get("CHATDB_IMAGES") == "yes"
NEEDED = ("buildah", "mmdebstrap")
DEBIAN = "trixie"
PACKAGES = "python3,python3-venv,python3-pip,python-is-python3,ca-certificates"
IMAGES = sorted(name for name, image in CATALOGUE.images.items() if image.source)
JOBS = [one.name for one in CATALOGUE.components if one.image in IMAGES and not one.ports]
PASSED_ON = re.compile(r"^(?:\S+)\.(cert|extra-index-url|index-url|proxy|trusted-host)='(.*)'$", re.MULTILINE)
"""Settings of pip that say where packages are; what one of them says may be secret, and stays in the folder."""
MINUTES = 60
STORAGE = '[storage]\ndriver = "vfs"\ngraphroot = "{folder}/store"\nrunroot = "{folder}/run"\n'


def need_builder() -> None:
    """Skip where it was not asked for; where it was, what is missing is a failure."""
    if not ASKED:
        pytest.skip("not run: images are built by `make images-test`, which needs root and some minutes")
    missing = [name for name in NEEDED if not shutil.which(name)]
    assert not missing, f"install {' '.join(missing)} (Debian: apt-get install {' '.join(missing)})"
    assert os.geteuid() == 0, "run it as root: it makes a file system of Debian's packages"


def run(*command: str, environment: Mapping[str, str] | None = None) -> str:
    """Standard output of a program that has to end well."""
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, timeout=MINUTES * 60, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """For buildah: a storage of its own, which has the base, and pip's settings in each build and in no image."""
    need_builder()
    with scratch_folder() as folder:
        found = os.environ | configured(folder)
        make_base(folder, found)
        yield found


def configured(folder: Path) -> dict[str, str]:
    """Everything by configuration, so that the command line is the one that users have."""
    settings = dict(PASSED_ON.findall(run("python", "-m", "pip", "config", "list")))
    (folder / "pip.conf").write_text("[global]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items()))
    files = {folder / "pip.conf": "/etc/pip.conf"} | (
        {Path(settings["cert"]): settings["cert"]} if "cert" in settings else {}
    )
    volumes = json.dumps([f"{source}:{target}:ro" for source, target in files.items()])
    (folder / "containers.conf").write_text(f"[containers]\nvolumes = {volumes}\n")
    (folder / "storage.conf").write_text(STORAGE.format(folder=folder))
    return {
        "BUILDAH_ISOLATION": "chroot",
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        "TMPDIR": str(folder),
    }


def make_base(folder: Path, environment: Mapping[str, str]) -> None:
    """Debian with its Python, under the name of the base that the Dockerfiles have."""
    (name,) = {
        re.findall(r"^ARG PYTHON=(.*)$", (ROOT / "services" / name / "Dockerfile").read_text(), re.MULTILINE)[0]
        for name in IMAGES
    }
    run("mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", DEBIAN, str(folder / "base.tar"))
    container = run("buildah", "from", "scratch", environment=environment)
    run("buildah", "add", "--quiet", container, str(folder / "base.tar"), "/", environment=environment)
    run("buildah", "commit", "--quiet", "--rm", container, f"docker.io/library/{name}", environment=environment)
    (folder / "base.tar").unlink()


@pytest.fixture(scope="module")
def built(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Name -> reference of all images, built by the command in a copy of the repository."""
    root = copy_inputs(tmp_path_factory.mktemp("repository"))
    shutil.copytree(ROOT / "services", root / "services", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / ".dockerignore", root / ".dockerignore")
    options = "['images', '--build', '--builder', 'buildah'], obj=Path(sys.argv[1])"
    script = f"import sys; from pathlib import Path; from constructs_lib.cli import main; main({options})"
    command = ("python", "-c", script, str(root))
    run(*command, environment=environment)
    again = run(*command, environment=environment)
    assert "buildah build" not in again
    assert "images.yaml is as it was" in again
    tags = yaml.safe_load((root / "images.yaml").read_text())
    return {name: f"docker.io/chatdb/{name}:{tag}" for name, tag in tags.items()}


@pytest.fixture(params=IMAGES)
def image(
    request: pytest.FixtureRequest, built: dict[str, str], environment: dict[str, str]
) -> Iterator[tuple[str, Path, dict[str, object]]]:
    """The image's name, its files as a folder, and what the image says of itself."""
    name = request.param
    said = json.loads(run("buildah", "inspect", "--type", "image", built[name], environment=environment))
    container = run("buildah", "from", built[name], environment=environment)
    yield name, Path(run("buildah", "mount", container, environment=environment)), said["OCIv1"]["config"]
    run("buildah", "rm", container, environment=environment)


def test_image(image: tuple[str, Path, dict[str, object]], tmp_path: Path) -> None:
    """It holds what was hashed, nothing that its user may write, and starts: a service lives on, a Job refuses."""
    name, root, config = image
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == entrypoint(name)
    assert sources(root / "app") == wanted(name)
    tools = ("gcc", "cc", "make", "git", "curl")
    assert [tool for tool in tools if list(root.glob(f"*/bin/{tool}")) + list(root.glob(f"usr/bin/{tool}"))] == []
    assert list(root.glob("venv/lib/*/site-packages/pip")) == []
    assert [path for top in ("app", "venv") for path in (root / top).rglob("*") if writable(path)] == []
    assert (root / "etc/pip.conf").exists() is False
    if name in JOBS:
        check_refuses(name, root, {})
        return
    with started(name, root, {}, tmp_path) as (server, _):
        check_restricted(server)
        check_stops(server)


def writable(path: Path) -> bool:
    """Whether the service's user may change it."""
    found = path.lstat()
    return not path.is_symlink() and (found.st_uid != 0 or bool(found.st_mode & 0o022))


def sources(folder: Path) -> set[tuple[str, str]]:
    """(relative name, SHA-256) of every file but what was compiled."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.parent.name != "__pycache__")
    return {(path.relative_to(folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files}


def wanted(name: str) -> set[tuple[str, str]]:
    """The same of what the Dockerfile copies into /app."""
    files = {name.split("/", 2)[2]: path for name, path in contents(ROOT, f"services/{name}").items()}
    hashes = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items() if "/" in name}
    return set(hashes.items())
