"""The command, run in this process as a user runs it."""

from click.testing import CliRunner

from chatdb.cli import main

RUN = "import sys; from pathlib import Path; from chatdb.cli import main; main(sys.argv[2:], obj=Path(sys.argv[1]))"
"""A program of Python: the command on the repository that its first argument names."""


def invoke(*arguments: str, code: int = 0) -> str:
    """Standard output and errors of the command, which has to end with that code."""
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == code, result.output
    return str(result.output)
