"""Debian's packages that a real node needs: `make setup-node` installs what is missing, or says how.

Usage: python -m tests.node.packages
"""

import os
import shutil
import subprocess
import sys

NEEDED = {
    "/usr/lib/cni/ptp": "containernetworking-plugins",
    "buildah": "buildah",
    "containerd": "containerd",
    "git": "git",
    "ip": "iproute2",
    "ipset": "ipset",
    "iptables": "iptables",
    "mmdebstrap": "mmdebstrap",
    "runc": "runc",
    "unshare": "util-linux",
}
"""A program by its name, or a file, and its package."""
SEARCH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
INSTALL = ("apt-get", "install", "-y", "-qq", "--no-install-recommends")


def missing() -> list[str]:
    """The packages that are not there."""
    return sorted(package for name, package in NEEDED.items() if not shutil.which(name, os.X_OK, SEARCH))


def main() -> int:
    """The exit code."""
    wanted = missing()
    if not wanted:
        return 0
    command = " ".join((*INSTALL, *wanted))
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"a real node needs packages of Debian; as root: {command}", file=sys.stderr)
        return 1
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*INSTALL, *wanted], env=environment, stdout=subprocess.DEVNULL, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
