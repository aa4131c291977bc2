"""The driver's end of a contender that is a process."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from turns import Contender, Turn

HERE = Path(__file__).parent
PYTHON = HERE.parents[1] / ".tools/services/bin/python"


class ContenderFailed(Exception):
    """A contender ended: no figure of this run means anything. What it said is on standard error."""


@contextmanager
def worker(script: str, told: Mapping[str, Any]) -> Iterator[Contender]:
    """A script of this folder in the services' environment, ready to take turns."""
    pipe = subprocess.PIPE
    with subprocess.Popen([PYTHON, HERE / script], stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None  # noqa: S101 - for the type checker
        assert process.stdout is not None  # noqa: S101 - for the type checker
        sending, saying = process.stdin, process.stdout

        def ask(line: str) -> str:
            sending.write(f"{line}\n")
            sending.flush()
            answer = saying.readline()
            if not answer:
                raise ContenderFailed(f"{script} has ended")
            return answer

        try:
            ask(json.dumps(told))
            yield lambda: Turn(**json.loads(ask("")))
        finally:
            process.kill()
