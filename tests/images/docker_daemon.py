"""A docker daemon of the test's own, with BuildKit, in namespaces of its own: this machine stays as it was.

Its processes all end with it, and so do its mounts and its network, which has docker's usual bridge and firewall. The
way out of that network is slirp4netns, a plain process that makes the connections.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chatdb.local.processes import Server, wait_for
from tests.images.image_builders import ImageBuilder, need_programs, pip_files, run
from tests.images.sandbox import SECONDS, check_kernel, told
from tests.repository import PLATFORM

DEBIANS_DOCKER = "/usr/bin/docker"
"""It can ask for BuildKit; another one on PATH may lack buildx."""
NAMESPACES = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
RESOLVER = "10.0.2.3"
"""Where slirp4netns answers for the machine's resolver."""
DAEMON = f"""
ip link set lo up
exec dockerd --config-file "$1/daemon.json" --data-root "$1/data" --exec-root "$1/exec" --pidfile "$1/docker.pid" \
  --host "unix://$1/docker.sock" --dns {RESOLVER}
"""
RUNC = """#!{python}
import json, os, sys
if "run" in sys.argv:
    path = sys.argv[sys.argv.index("--bundle") + 1] + "/config.json"
    config = json.load(open(path))
    config["mounts"] += {mounts}
    json.dump(config, open(path, "w"))
os.execv({runc!r}, ["runc", *sys.argv[1:]])
"""
"""Docker has no setting for mounts of builds. BuildKit says "run"; a container of docker, which gets none, "create"."""
RESTRICTED = ("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=none")
ASK = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:{port}/health', timeout=5).status)"


class Docker:
    """The client of the daemon in the folder."""

    network: Sequence[str] = ()

    def __init__(self, folder: Path) -> None:
        """No setting of whoever runs the test counts."""
        self.env_vars: Mapping[str, str] = os.environ | {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "DOCKER_BUILDKIT": "1",
            "DOCKER_CONFIG": str(folder),
            "DOCKER_HOST": f"unix://{folder / 'docker.sock'}",
        }

    def take_base(self, archive: Path, name: str) -> None:
        """BuildKit takes what is there before it asks a registry."""
        self._run("import", str(archive), name)

    def config(self, reference: str) -> dict[str, Any]:
        """By `docker image inspect`."""
        config: dict[str, Any] = json.loads(self._run("image", "inspect", reference))[0]["Config"]
        return config

    @contextmanager
    def files(self, reference: str, folder: Path) -> Iterator[Path]:
        """Copied out of a container that is never started."""
        container = self._run("create", reference)
        script = f'docker export {container} | tar --extract --numeric-owner --directory "$1"'
        run("sh", "-euc", script, "sh", str(folder), env_vars=self.env_vars)
        self._run("rm", container)
        yield folder
        shutil.rmtree(folder)

    def check_runs(self, name: str, reference: str, root: Path, folder: Path) -> None:  # noqa: ARG002 - docker has the files
        """As the pod has it: a root that is read-only, no capability, and no network but its own loopback."""
        settings = [f"--env={key}={value}" for key, value in told(name, folder).items()]
        container = self._run("run", "--detach", *RESTRICTED, *settings, reference)
        try:
            self._check_lives(container, PLATFORM.component(name).port("http").number)
            check_kernel(lambda file: self._run("exec", container, "cat", f"/proc/1/{file}"), owner=0)
            self._run("stop", f"--time={SECONDS}", container)
            assert self._state(container, "ExitCode") == "0", self._run("logs", container)
        finally:
            self._run("rm", "--force", container)

    def _check_lives(self, container: str, port: int) -> None:
        """Within the time it answers, and has not ended."""
        command = ["docker", "exec", container, "python", "-c", ASK.format(port=port)]

        def answers() -> bool:
            assert self._state(container, "Running") == "true", self._run("logs", container)
            done = subprocess.run(command, env=self.env_vars, capture_output=True, timeout=SECONDS, check=False)
            return done.stdout.strip() == b"200"

        wait_for(f"an answer of {container}", SECONDS, answers)

    def _state(self, container: str, field: str) -> str:
        return self._run("inspect", "--format", f"{{{{.State.{field}}}}}", container)

    def _run(self, *arguments: str) -> str:
        return run("docker", *arguments, env_vars=self.env_vars)


@contextmanager
def docker(folder: Path) -> Iterator[ImageBuilder]:
    """The daemon, and its way out; both end with the test, however it ends."""
    need_programs(DEBIANS_DOCKER, "dockerd", "runc", "slirp4netns", "unshare")
    write_programs(folder)
    client = Docker(folder)
    command = (*NAMESPACES, "sh", "-euc", DAEMON, "sh", str(folder))
    daemon = Server("dockerd", command, folder / "dockerd.log", client.env_vars)
    daemon.start()
    wait_for("dockerd", SECONDS, lambda: answers(client, daemon))
    # Only now has the process its own network for certain.
    client.network = ("nsenter", f"--net=/proc/{daemon.pid}/ns/net")
    line = ("slirp4netns", "--configure", "--mtu=65520", "--disable-host-loopback", str(daemon.pid), "tap0")
    way_out = Server("slirp4netns", line, folder / "slirp4netns.log", os.environ)
    way_out.start()
    try:
        yield client
    finally:
        way_out.stop()
        daemon.stop()


def write_programs(folder: Path) -> None:
    """What comes first on PATH: docker, and for the daemon a runc that gives builds what pip has to know."""
    mounts = [
        {"type": "bind", "source": source, "destination": target, "options": ["rbind", "ro"]}
        for source, target in pip_files(folder).items()
    ]
    (folder / "daemon.json").write_text("{}")
    (folder / "bin").mkdir()
    (folder / "bin/docker").symlink_to(DEBIANS_DOCKER)
    (folder / "bin/runc").write_text(RUNC.format(python=sys.executable, mounts=mounts, runc=shutil.which("runc")))
    (folder / "bin/runc").chmod(0o755)


def answers(client: Docker, daemon: Server) -> bool:
    """Whether the daemon does; one that has ended never will."""
    assert daemon.alive(), daemon.last_lines(30)
    done = subprocess.run(["docker", "version"], env=client.env_vars, capture_output=True, timeout=60, check=False)
    return done.returncode == 0
