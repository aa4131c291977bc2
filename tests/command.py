"""The command, run in this process as a user runs it."""

from click.testing import CliRunner

from chatdb.cli import main


def invoke(*arguments: str, code: int = 0) -> str:
    """Standard output and errors of the command, which has to end with that code."""
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == code, result.output
    return str(result.output)
