"""Namespaces for processes, mounts and network, with a cgroup for pods: all of it ends with this process.

The first process of the PID namespace is a child of a `Server`, whose keeper ends it when its starter is gone, however
that has ended. With it the kernel ends every process that is in the namespace, and then mounts and network are gone.
What stays of that are empty cgroups, which a watcher removes.
"""

import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from chatdb.local.processes import Server, wait_for

ADDRESS = "10.250.0.2"
"""Of the node, in a network that nobody else is in."""
DOOR = Path(__file__).with_name("door.py")
CGROUPS = Path("/sys/fs/cgroup")
STARTING = 20
UNSHARE = ("unshare", "--pid", "--mount", "--net", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc")
KERNEL = {
    "kernel/keys/root_maxbytes": "25000000",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
}
"""Settings of the whole machine that a kubelet wants: it is shown files that say so, and changes nothing."""
# $1 is the folder of the files that are mounted, $2 the node's address. Programs leave their sockets in /run, logs in
# /var/log, and more in folders of their own in /var/lib, next to those that are there. The first process must take the
# end of those whose parents are gone, or ignore it.
INIT = """
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mount --bind "$1/log" /var/log
mkdir /run/lib
mount --rbind /var/lib /run/lib
mount -t tmpfs -o mode=755 tmpfs /var/lib
for path in /run/lib/*/; do
  mkdir "/var/lib/$(basename "$path")"
  mount --rbind "$path" "/var/lib/$(basename "$path")"
done
umount --lazy /run/lib
(cd "$1/sys" && find . -type f) | while read -r name; do mount --bind "$1/sys/$name" "/proc/sys/$name"; done
ip link set lo up
ip link add node0 type bridge
ip address add "$2/24" dev node0
ip link set node0 up
ip route add default dev node0
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet
touch "$1/ready"
trap '' CHLD
exec sleep infinity
"""
# Processes that were killed a moment ago are still in their cgroups.
SWEEP = """
read -r _
tries=100
while [ $((tries -= 1)) -gt 0 ]; do
  left=
  for group in "$@"; do
    [ ! -d "$group" ] || { find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || left=yes; }
  done
  [ "$left" ] || exit 0
  sleep 0.1
done
"""


class Namespaces:
    """One set of them; its files are in the folder."""

    def __init__(self, folder: Path) -> None:
        """Nothing is there yet."""
        self.folder = folder
        self.cgroup = f"chatdb-node-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"
        """Name of the cgroup that pods are in: the same for the same folder."""
        self._first = Server("namespaces", (), folder / "log/namespaces.log", os.environ)
        self._doors: list[Server] = []
        self._watcher: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make them, and the cgroup."""
        self.sweep()
        (self.folder / "log").mkdir(parents=True)
        for name, text in KERNEL.items():
            path = self.folder / "sys" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{text}\n")
        for group in self.groups():
            group.mkdir()
        line = [shutil.which("sh") or "sh", "-c", SWEEP, "sh", *map(str, self.groups())]
        self._watcher = subprocess.Popen(line, stdin=subprocess.PIPE, start_new_session=True)
        self._first.command = [*UNSHARE, "sh", "-euc", INIT, "sh", str(self.folder), ADDRESS]
        self._first.start()
        wait_for("the namespaces are there", STARTING, self._ready)

    def stop(self) -> None:
        """End all that runs in them; nothing is left."""
        self._first.stop()
        for door in self._doors:
            door.stop()
        if self._watcher and self._watcher.stdin:
            self._watcher.stdin.close()
            self._watcher.wait(STARTING)

    def sweep(self) -> None:
        """Remove cgroups of an earlier run in the same folder."""
        subprocess.run(["sh", "-c", SWEEP, "sh", *map(str, self.groups())], stdin=subprocess.DEVNULL, check=True)

    def enter(self, *command: str) -> list[str]:
        """The command line that runs the command inside."""
        spaces = f"/proc/{self._first.pid}/ns"
        # Its own PID namespace is the one that it was started in.
        kinds = ("mount=mnt", "net=net", "uts=uts", "ipc=ipc", "pid=pid_for_children")
        flags = [f"--{kind.partition('=')[0]}={spaces}/{kind.partition('=')[2]}" for kind in kinds]
        return ["nsenter", *flags, "--", *command]

    def open_door(self, port: int, address: str = "127.0.0.1") -> int:
        """A port of this machine's loopback that leads to the port of an address inside."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            # The keeper of a server uses the lowest numbers itself.
            inherited = fcntl.fcntl(listener, fcntl.F_DUPFD, 10)
            command = self.enter(sys.executable, str(DOOR), str(inherited), address, str(port))
            door = Server(
                f"door-{port}",
                command,
                self.folder / f"log/door-{port}.log",
                os.environ,
                owner={"pass_fds": (inherited,)},
            )
            door.start()
            os.close(inherited)
            self._doors.append(door)
            return int(listener.getsockname()[1])

    def groups(self) -> list[Path]:
        """One in each hierarchy of version 1, or the one of version 2."""
        if (CGROUPS / "cgroup.controllers").exists():
            return [CGROUPS / self.cgroup]
        hierarchies = {path.resolve() for path in CGROUPS.iterdir() if (path / "cgroup.procs").exists()}
        return [path / self.cgroup for path in sorted(hierarchies)]

    def _ready(self) -> bool:
        assert self._first.alive(), self._first.last_lines(5)
        return (self.folder / "ready").exists()
