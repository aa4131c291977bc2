"""The workflows of GitHub, for tests that run their steps."""

from pathlib import Path
from typing import Any

import yaml

from tests.repository import ROOT

FOLDER = ROOT / ".github/workflows"
SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
"""Runs a step as GitHub does."""


def jobs(path: Path) -> list[dict[str, Any]]:
    """Return the jobs of a workflow."""
    return list(yaml.safe_load(path.read_text("utf-8"))["jobs"].values())
