"""Where the setup Jobs' scripts are, and how a test runs one: as the Job does, as a process of its own."""

import atexit
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
FILES = REPOSITORY / "constructs_lib" / "types"
PERMANENT = 78


@cache
def _scratch() -> Path:
    """A folder that goes with this process."""
    folder = tempfile.TemporaryDirectory(prefix="chatdb-scripts-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


def rendered(script: str) -> Path:
    """The script as the Job gets it: with the platform's name."""
    text = (FILES / script).read_text(encoding="utf-8")
    if "@platform@" not in text:
        return FILES / script
    path = _scratch() / Path(script).name
    path.write_text(text.replace("@platform@", "chatdb"), encoding="utf-8")
    return path


def command(script: str, *arguments: object) -> list[str]:
    """The command line of a script below FILES."""
    interpreter = sys.executable if script.endswith(".py") else "bash"
    return [interpreter, str(rendered(script)), *map(str, arguments)]


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
