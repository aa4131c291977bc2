"""`make sbom` lists what the locks name."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.repository import ROOT

LOCKS = [*sorted(ROOT.glob("services/*/requirements.lock")), ROOT / "requirements/synth.lock"]
ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)((?:.|\n)*?)(?=^[A-Za-z]|\Z)", re.MULTILINE)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.parent.name)
def test_sbom_has_the_packages_of_the_lock(lock: Path, tmp_path: Path) -> None:
    """Names, versions and hashes."""
    target = tmp_path / "sbom.json"
    command = [str(ROOT / ".tools/supply/bin/cyclonedx-py"), "requirements", "--output-reproducible", "-o", str(target)]
    subprocess.run([*command, str(lock)], check=True, capture_output=True)
    listed = {
        (one["name"], one["version"]): {
            hashed["content"] for reference in one["externalReferences"] for hashed in reference.get("hashes", ())
        }
        for one in json.loads(target.read_text("utf-8"))["components"]
    }
    entries = ENTRY.findall(lock.read_text("utf-8"))
    assert len(entries) > 5
    assert listed == {(name, version): set(HASH.findall(hashes)) for name, version, hashes in entries}


def test_sbom_of_each_image() -> None:
    """The Makefile's list of images is that of the Dockerfiles, each of which has a lock."""
    assert {lock.parent.name for lock in LOCKS[:-1]} == {
        path.parent.name for path in ROOT.glob("services/*/Dockerfile")
    }
