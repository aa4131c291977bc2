"""What entry points do: generate, one run at a time, only where something has changed."""

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from constructs_lib.files import MIB, advised_writes, enough_room, exclusive
from constructs_lib.gitops import fingerprint

if TYPE_CHECKING:
    from constructs_lib.model import Catalogue

LOCK = Path(".cdk8s/lock")
ROOM = 16 * MIB
"""For the runtime that jsii unpacks, and for what is generated, twice: staged, and beside what it replaces."""
Read = Callable[[], "Catalogue"]
"""Reads the catalogue; called only where it is needed."""


def regenerate(root: Path, read: Read, environment: str | None = None) -> tuple[str, ...]:
    """Generate all environments or the one that is named, and publish; the names of the targets that changed.

    Where the last run's inputs and files are as they were, nothing is done, and nothing starts Node.
    InvalidInput where an input is wrong, a file cannot be written, or another run does not end.
    """
    with advised_writes(str(root)), exclusive(root / LOCK):
        began, before = time.time(), fingerprint.inputs(root)
        if fingerprint.unchanged(root, before, environment):
            return ()
        from constructs_lib.gitops.synth import publication, resolved

        platform, environments = resolved(root, read(), environment)
        for folder in (root, Path(tempfile.gettempdir())):
            enough_room(folder, ROOM)
        with tempfile.TemporaryDirectory() as out:
            changed = publication(root, platform, environments, Path(out))
        fingerprint.remember(root, before, began, environment)
        return changed


def stale(root: Path, read: Read, environment: str | None = None) -> tuple[str, ...]:
    """The generated files of all environments or of one that are not what the code gives; nothing is changed."""
    if fingerprint.unchanged(root, fingerprint.inputs(root), environment):
        return ()
    from constructs_lib.gitops.synth import differing, resolved, stage

    with advised_writes(str(root)), tempfile.TemporaryDirectory() as out:
        platform, environments = resolved(root, read(), environment)
        stage(root, platform, environments, Path(out))
        return differing(root, platform, environments, Path(out))


def copy_manifests(root: Path, out: Path) -> None:
    """Put dist/ where `cdk8s synth` looks for manifests; two runs at once have that folder in common."""
    with advised_writes(str(out)):
        shutil.copytree(root / "dist", out / "dist", dirs_exist_ok=True)
