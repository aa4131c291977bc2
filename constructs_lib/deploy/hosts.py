"""The one line of /etc/hosts by which chatdb.local is found; written and removed only when it is asked for."""

import os
import subprocess
from pathlib import Path

from constructs_lib.catalogue.routes import HOST
from constructs_lib.deploy.kubectl import program
from constructs_lib.problem import InvalidInput, Problem

HOSTS = Path("/etc/hosts")
MARK = "# chatdb"
SECONDS = 300
"""Somebody may have to type a password."""


def with_host(text: str, address: str | None) -> str:
    """The file's text with exactly one line for the host; None takes it out. All other lines stay as they are."""
    lines = [line for line in text.splitlines(keepends=True) if HOST not in line.partition("#")[0].split()]
    if address is None:
        return "".join(lines)
    end = "" if not lines or lines[-1].endswith("\n") else "\n"
    return "".join([*lines, end, f"{address} {HOST} {MARK}\n"])


def write(address: str | None) -> bool:
    """Write it where it says something else; whether it did. sudo asks where the file is another's."""
    before = HOSTS.read_text(encoding="utf-8")
    after = with_host(before, address)
    if after == before:
        return False
    if os.access(HOSTS, os.W_OK):
        HOSTS.write_text(after, encoding="utf-8")
        return True
    line = [program("sudo", f"write the line for {HOST} into {HOSTS} as root"), "tee", str(HOSTS)]
    done = subprocess.run(line, input=after, stdout=subprocess.DEVNULL, text=True, timeout=SECONDS, check=False)
    if done.returncode:
        raise InvalidInput([Problem(str(HOSTS), "could not be written", "write it as root")])
    return True
