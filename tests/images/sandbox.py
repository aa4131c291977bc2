"""A folder as the root of a service, as its pod has it: read-only but for /tmp, and not as root."""

import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from chatdb.images.content import contents, copy
from chatdb.local.platform import local_components
from chatdb.local.processes import Server, free_ports, wait_for
from chatdb.local.site import HOST, make_site
from tests.repository import PLATFORM

ROOT = Path(__file__).resolve().parents[2]
UID = 10001
SECONDS = 120
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc")
# $1 is the root; then what is mounted and where, in pairs, until "--"; then what is run in it.
SCRIPT = """
mount --make-rprivate /
root=$1; shift
mount --bind "$root" "$root"
mkdir -p "$root/proc" "$root/dev" "$root/tmp"
points=$root
while [ "$1" != -- ]; do
  mkdir -p "$root$2"
  mount --bind "$1" "$root$2"
  points="$points $root$2"
  shift 2
done
shift
for point in $points; do mount -o remount,bind,ro "$point"; done
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
exec setpriv --no-new-privs chroot $SANDBOX_USER "$root" "$@"
"""
# In a namespace of our own we are its root, and outside of it nobody but ourselves.
NAMESPACE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
USER = f"--userspec={UID}:{UID} --groups={UID}" if os.geteuid() == 0 else ""


@cache
def allowed() -> bool:
    """Whether this machine lets us make a mount namespace."""
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


def command(root: Path, mounts: Mapping[str, Path], *arguments: str) -> list[str]:
    """Run something with another root; `mounts` are folders of this machine by their names there."""
    pairs = [text for name, path in mounts.items() for text in (str(path), name)]
    return [*NAMESPACE, "sh", "-euc", SCRIPT, "sh", str(root), *pairs, "--", *arguments]


def dockerfile(name: str) -> str:
    """The service's Dockerfile, each instruction on one line."""
    return (ROOT / "services" / name / "Dockerfile").read_text().replace("\\\n", "")


def system() -> dict[str, Path]:
    """Stands in for the base image: this machine's programs and its Python."""
    paths = {name: Path(name).resolve() for name in SYSTEM if Path(name).exists()}
    python = Path(sys.base_prefix).resolve()
    return paths if python.is_relative_to("/usr") else paths | {str(python): python}


def assembled(name: str, folder: Path) -> Path:
    """A root with what the Dockerfile copies, where it copies it to."""
    files = copy(contents(ROOT, f"services/{name}"), folder / "context")
    root = folder / "root"
    for source, target in re.findall(r"^COPY (services/\S+) (/\S+)$", dockerfile(name), re.MULTILINE):
        for path in (path for path in files if f"{path}/".startswith(f"{source}/")):
            place = root / f"{target}{path.removeprefix(source)}".lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(files[path].read_bytes())
    return root


def image_environment(name: str) -> dict[str, str]:
    """What the image sets; the base's PATH is the usual one."""
    (line,) = re.findall(r"^ENV (.*)", dockerfile(name), re.MULTILINE)
    env_vars = dict(pair.split("=", 1) for pair in line.split())
    return env_vars | {"PATH": env_vars["PATH"].replace("$PATH", "/usr/local/bin:/usr/bin:/bin")}


def sandbox_environment(name: str) -> dict[str, str]:
    """The same, and what the set-up asks for."""
    env_vars = image_environment(name) | {"SANDBOX_USER": USER}
    # It looks for its programs where they are on this machine, and the image's PATH has those folders, too.
    return env_vars | {"PATH": f"{env_vars['PATH']}:/usr/sbin:/sbin"}


def entrypoint(name: str) -> list[str]:
    """How the image starts."""
    (line,) = re.findall(r"^ENTRYPOINT \[(.*)\]", dockerfile(name), re.MULTILINE)
    return [word.strip(' "') for word in line.split(",")]


def told(name: str, folder: Path) -> dict[str, str]:
    """What dist/ tells the service, with addresses where nothing runs."""
    return make_site(PLATFORM, ROOT, folder, local_components(PLATFORM, ROOT)).told(PLATFORM.component(name))


@contextmanager
def started(name: str, root: Path, mounts: Mapping[str, Path], folder: Path) -> Iterator[tuple[Server, str]]:
    """The service with that root, told what dist/ says, and its address once it lives; what it needs does not run."""
    (port,) = free_ports(1)
    env_vars = sandbox_environment(name) | told(name, folder) | {"HOST": HOST, "PORT": str(port)}
    line = command(root, mounts, *entrypoint(name))
    server = Server(name, line, folder / "log", env_vars, end="TERM")
    server.start()
    address = f"http://{HOST}:{port}"
    try:
        wait_for(f"{name} in its image", SECONDS, lambda: healthy(server, address))
        yield server, address
    except TimeoutError as error:
        raise AssertionError(server.last_lines(30)) from error
    finally:
        server.stop()


def healthy(server: Server, address: str) -> bool:
    """Whether it answers; one that has ended never will."""
    if not server.alive():
        raise AssertionError(server.last_lines(30))
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def check_restricted(server: Server) -> None:
    """It is not root, has no rights (outside of a namespace of its own), and its root takes no file."""
    check_kernel(lambda name: Path(f"/proc/{server.pid}/{name}").read_text(), os.geteuid())


def check_kernel(says: Callable[[str], str], owner: int) -> None:
    """The same for the process whose files of /proc it gives, and that was started by the user `owner`."""
    status = dict(line.split(":\t", 1) for line in says("status").splitlines() if ":\t" in line)
    assert status["Uid"].split() == [str(owner or UID)] * 4
    assert status["NoNewPrivs"] == "1"
    assert owner != 0 or int(status["CapEff"], 16) == 0
    mounts = [line.split() for line in says("mountinfo").splitlines()]
    options = {fields[4]: fields[5].split(",") for fields in mounts}
    assert "ro" in options["/"]
    assert [point for point, words in options.items() if "ro" not in words and not inside(point)] == []


def inside(point: str) -> bool:
    """What may be written: memory, devices, what the kernel shows, and root's own folder of docker's cgroups (v1)."""
    return point.split("/")[1] in ("dev", "proc", "tmp") or point == "/sys/fs/cgroup"


def check_stops(server: Server) -> None:
    """SIGTERM ends it by itself."""
    server.ask()
    wait_for(f"the end of {server.name}", SECONDS, lambda: not server.alive())
    assert server.status() == 0, server.last_lines(30)


def check_refuses(name: str, root: Path, mounts: Mapping[str, Path]) -> None:
    """A Job that is told nothing ends at once, for good, and says what it lacks."""
    done = subprocess.run(
        command(root, mounts, *entrypoint(name)),
        env=sandbox_environment(name),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout) == (os.EX_CONFIG, ""), done.stderr
    assert done.stderr.startswith(f"{name}: set these environment variables: ")


def need_sandbox() -> None:
    """Skip where it cannot be made."""
    if not allowed():
        pytest.skip("not run: this machine lets nobody make a mount namespace, which a service is started in")
