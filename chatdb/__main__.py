"""The door of the command `chatdb`: also a catalogue that cannot be read ends in advice, and not in a traceback."""

import sys

from constructs_lib.problem import InvalidInput


def main() -> None:
    """Import the commands only here: they read the catalogue."""
    try:
        from chatdb.cli import main as commands
    except InvalidInput as error:
        sys.exit(str(error))
    commands(prog_name="chatdb")


if __name__ == "__main__":
    main()
