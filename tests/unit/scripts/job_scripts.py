"""Where the setup Jobs' scripts are, and how a test runs one: as the Job does, as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
FILES = REPOSITORY / "constructs_lib" / "types"
PERMANENT = 78


def command(script: str, *arguments: object) -> list[str]:
    """The command line of a script below FILES."""
    interpreter = sys.executable if script.endswith(".py") else "bash"
    return [interpreter, str(FILES / script), *map(str, arguments)]


def env_vars(extra: Mapping[str, str]) -> dict[str, str]:
    """A container's environment: little of ours, and short waits."""
    return {"PATH": os.environ["PATH"], "WAIT_SECONDS": "0", **extra}


def run(script: str, *arguments: object, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the script to its end."""
    line = command(script, *arguments)
    return subprocess.run(line, env=env_vars(env), capture_output=True, text=True, timeout=60, check=False)


def start(script: str, *arguments: object, env: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start the script."""
    line = command(script, *arguments)
    pipe = subprocess.PIPE
    return subprocess.Popen(line, env=env_vars(env), stdout=pipe, stderr=pipe, text=True)
