"""The one line of /etc/hosts by which an environment's host is found; written and removed only when it is asked for."""

import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

from chatdb.deploy.kubectl import program
from chatdb.deploy.minikube import address_line
from constructs_lib.problem import InvalidInput, Problem

HOSTS = Path("/etc/hosts")
MARK = "# chatdb"
SECONDS = 300
"""Somebody may have to type a password."""


def with_host(text: str, host: str, address: str | None) -> str:
    """The file's text with exactly one line for the host; None takes it out. All other names and lines stay."""
    lines = [kept for line in text.splitlines(keepends=True) if (kept := _without_host(line, host))]
    if address is None:
        return "".join(lines)
    end = "" if not lines or lines[-1].endswith("\n") else "\n"
    return "".join([*lines, end, f"{address} {host} {MARK}\n"])


def _without_host(line: str, host: str) -> str:
    """The line without the name; nothing where it has no other."""
    entry, mark, comment = line.partition("#")
    address, *names = entry.split() or [""]
    if host not in names:
        return line
    others = [name for name in names if name != host]
    return " ".join([address, *others]) + (f" #{comment}" if mark else "\n") if others else ""


def as_text(host: str, profile: str | None) -> Iterator[str]:
    """What a person would type in place of `write`, with the address of that minikube; None takes the host out."""
    sudo = f"by sudo where {HOSTS} is another's"
    if profile:
        yield f"# {host} is written with the address that this says, {sudo}:"
        yield shlex.join(address_line(profile))
    else:
        yield f"# {host} is taken out, {sudo}:"
    yield shlex.join(_sudo_line())


def _sudo_line() -> list[str]:
    """It is given the whole text."""
    return ["sudo", "tee", str(HOSTS)]


def write(host: str, address: str | None) -> bool:
    """Write it where it says something else; whether it did. sudo asks where the file is another's."""
    before = HOSTS.read_text(encoding="utf-8")
    after = with_host(before, host, address)
    if after == before:
        return False
    if os.access(HOSTS, os.W_OK):
        HOSTS.write_text(after, encoding="utf-8")
        return True
    line = [program("sudo", f"write the line for {host} into {HOSTS} as root"), *_sudo_line()[1:]]
    done = subprocess.run(line, input=after, stdout=subprocess.DEVNULL, text=True, timeout=SECONDS, check=False)
    if done.returncode:
        raise InvalidInput([Problem(str(HOSTS), "could not be written", "write it as root")])
    return True
