"""`python -m integration_tests`: run the suite once; the exit code says whether to try again."""

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import pytest_timeout

from integration_tests.matrix import MatrixError, read
from integration_tests.outcome import PERMANENT, Outcome

SUITE = Path(__file__).with_name("suite")
FILES = ("policies", "edges", "health", "topics", "journey")
"""In this order: the connections that must fail are made before anything else."""
NEEDED = ("KAFKA_BOOTSTRAP_SERVERS", "MATRIX_FILE")
# The root file system is read-only, and a plugin that happens to be installed changes nothing.
OPTIONS = ("--disable-plugin-autoload", "-p", "no:cacheprovider", f"--rootdir={SUITE}", f"-c={SUITE}/pytest.ini")


def complaint(environment: Mapping[str, str]) -> str | None:
    """What is wrong with what the pod was given, where no repetition can help; None where nothing is."""
    missing = [name for name in NEEDED if not environment.get(name)]
    if missing:
        return f"set these environment variables: {', '.join(missing)}"
    try:
        read(Path(environment["MATRIX_FILE"]))
    except MatrixError as error:
        return str(error)
    return None


def run() -> int:
    """The exit code of one run: 0, 1 (try again) or 78 (somebody has to act)."""
    # Process 1 of a container has no default for it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    wrong = complaint(os.environ)
    if wrong:
        print(f"integration-tests: {wrong}", file=sys.stderr)
        return PERMANENT
    outcome = Outcome()
    # The log names files as they are called there.
    os.chdir(SUITE)
    ended = pytest.main([*OPTIONS, *(f"test_{name}.py" for name in FILES)], plugins=[pytest_timeout, outcome])
    code = outcome.exit_code(ended)
    print(outcome.summary(code))
    return code


if __name__ == "__main__":
    sys.exit(run())
