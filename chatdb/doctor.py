"""What the generator needs on this machine: what is there, what is missing, and the fix."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

SECONDS = 20
PYTHON = (3, 11)
NODE = 22
GO_TOOLS = {
    "kustomize": "setup-synth",
    "kubeconform": "setup-synth",
    "promtool": "setup-test",
    "glua": "setup-test",
}

EXTRAS = {
    "kube-score": "scores",
    "env-scan": "scores",
    "helm": "bench",
    "cluster": "e2e",
    "kubernetes-1.28": "e2e-long",
    "argo-cd-3.2": "e2e-long",
    "env-services": "setup-local",
    "kafka": "setup-local",
    "versitygw": "setup-local",
    "prometheus": "setup-local",
    "env-load": "setup-load",
    "netpol-verdicts": "setup-policies",
    "registry": "setup-images",
}
"""Stamps of what one target alone needs: it installs them itself, and nothing else misses them."""
PROGRAMS = {
    "Maven": ("mvn", "setup-local"),
    "Chromium": ("chromium", "screens, and the status page's test in a browser"),
    "Chromium's driver": ("chromedriver", "screens, and the status page's test in a browser"),
    "buildah": ("buildah", "images-test"),
    "docker's daemon": ("dockerd", "images-test"),
    "mmdebstrap": ("mmdebstrap", "images-test"),
    "slirp4netns": ("slirp4netns", "images-test"),
}
"""Programs that no package of ours brings: name -> what is run, and the target that needs it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One need: what was found (None: nothing), what is wanted, and the fix (empty: all is well)."""

    name: str
    found: str | None
    wanted: str
    fix: str = ""


def findings(root: Path) -> tuple[Finding, ...]:
    """Look at everything; versions are read from the project's own files, and nothing is asked over a network."""
    return (
        _python(),
        *_packages(root),
        _node(root),
        _cdk8s_cli(root),
        *_go_tools(root),
        _schemas(root),
        *_extras(root),
    )


def _python() -> Finding:
    actual = ".".join(map(str, sys.version_info[:3]))
    wanted = f">= {PYTHON[0]}.{PYTHON[1]}"
    return Finding(
        "Python",
        actual,
        wanted,
        "" if sys.version_info >= PYTHON else "make clean synth PYTHON=python3.12",
    )


def _packages(root: Path) -> Iterator[Finding]:
    """Every package of the lock file, named only where it is not as locked."""
    locked = re.findall(
        r"^([A-Za-z0-9._-]+)==([^ ;\\]+)",
        (root / "requirements/synth.lock").read_text(),
        re.MULTILINE,
    )
    wrong = [f"{name} {_installed(name) or 'missing'}" for name, wanted in locked if _installed(name) != wanted]
    if wrong:
        yield Finding(
            "Python packages",
            ", ".join(wrong),
            "as requirements/synth.lock says",
            "rm -r .venv; make synth",
        )
    else:
        yield Finding(
            "Python packages",
            f"{len(locked)} as locked",
            "as requirements/synth.lock says",
        )


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _node(root: Path) -> Finding:
    actual = run([str(root / ".venv/bin/node"), "--version"])
    major = re.match(r"v(\d+)\.", actual or "")
    fits = major is not None and int(major[1]) >= NODE
    return Finding("Node", actual, f">= {NODE}", "" if fits else "rm -r .venv; make synth")


def _cdk8s_cli(root: Path) -> Finding:
    wanted = json.loads((root / "package.json").read_text())["devDependencies"]["cdk8s-cli"]
    installed = root / "node_modules/cdk8s-cli/package.json"
    actual = json.loads(installed.read_text())["version"] if installed.exists() else None
    return Finding("cdk8s CLI", actual, wanted, "" if actual == wanted else "make synth")


def _go_tools(root: Path) -> Iterator[Finding]:
    """A tool is as pinned when it was built after its go.mod was last changed."""
    for name, target in GO_TOOLS.items():
        module = root / "tools/go" / name / "go.mod"
        binary, stamp = root / ".tools/bin" / name, root / ".tools/stamps" / name
        package = re.findall(r"^tool (\S+)", module.read_text(), re.MULTILINE)[0]
        pins = re.findall(r"^\s*(?:require )?(\S+) (v\S+)", module.read_text(), re.MULTILINE)
        wanted = next(pin for path, pin in pins if package.startswith(path))
        ready = binary.exists() and stamp.exists() and stamp.stat().st_mtime >= module.stat().st_mtime
        yield Finding(name, wanted if ready else None, wanted, "" if ready else f"make {target}")


def _schemas(root: Path) -> Finding:
    versions = sorted(path.name.split("-")[0] for path in (root / ".tools/schemas").glob("v*-local-strict"))
    return Finding(
        "schemas",
        ", ".join(versions) or None,
        "two Kubernetes versions",
        "" if len(versions) > 1 else "make synth",
    )


def _extras(root: Path) -> Iterator[Finding]:
    """Nothing to fix where one is missing."""
    for target in sorted(set(EXTRAS.values())):
        stamps = [root / ".tools/stamps" / name for name, needing in EXTRAS.items() if needing == target]
        there = all(stamp.exists() for stamp in stamps)
        yield Finding(f"extras of make {target}", "installed" if there else None, f"only for make {target}")
    for name, (program, target) in PROGRAMS.items():
        yield Finding(name, "installed" if shutil.which(program) else None, f"only for make {target}")
    wanted = "only for chatdb deploy, health and cleanup; make setup-deploy installs it"
    yield Finding("kubectl", "installed" if shutil.which("kubectl") else None, wanted)


def run(command: list[str]) -> str | None:
    """What the program prints; None where it is missing, fails or hangs."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
