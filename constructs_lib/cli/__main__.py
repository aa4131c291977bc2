"""`python -m constructs_lib.cli` is `chatdb`."""

from constructs_lib.cli import main

main(prog_name="chatdb")
