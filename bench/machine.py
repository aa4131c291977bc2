"""On what was measured: the machine, and the versions of all that took part."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from rivals import HELM, ROOT, node


def machine() -> Iterator[tuple[str, str]]:
    """(what, value) of the machine and of Python."""
    yield "processor", processor()
    yield "load when the run began", f"{os.getloadavg()[0]:.1f}"
    yield "system", f"{platform.system()} {platform.release()}"
    yield "Python", platform.python_version()


def facts() -> Iterator[tuple[str, str]]:
    """(what, value) for the reader of the table."""
    yield from machine()
    yield "Node", _said([str(node()), "--version"]).removeprefix("v")
    for package in ("cdk8s", "cdk8s-plus-32", "jsii"):
        yield package, version(package)
    yield "cdk8s CLI", json.loads((ROOT / "node_modules/cdk8s-cli/package.json").read_text(encoding="utf-8"))["version"]
    yield "helm", module("helm", "helm.sh/helm/v4") if HELM.exists() else "not installed"


def processor() -> str:
    """Its cores that may be used, and its model."""
    match = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return f"{len(os.sched_getaffinity(0))} cores, {match[1] if match else platform.machine()}"


def module(tool: str, module: str) -> str:
    """The version of a Go tool; built from its module, it does not know it itself."""
    text = (ROOT / f"tools/go/{tool}/go.mod").read_text(encoding="utf-8")
    match = re.search(rf"^\s*(?:require )?{re.escape(module)} v(\S+)", text, re.MULTILINE)
    return match[1] if match else "unknown"


def _said(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
