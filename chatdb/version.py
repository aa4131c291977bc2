"""The version of the generator."""

from importlib.metadata import version
from pathlib import Path

from chatdb.git import run_git
from constructs_lib.problem import InvalidInput

PACKAGE = "chatdb-gitops"


def described(root: Path) -> str:
    """The version of the package, and the commit of the repository in `root`, where git knows one.

    `-dirty` follows the commit where tracked files differ from it.
    """
    try:
        commit = run_git(root, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*").out.strip()
    except InvalidInput:
        commit = ""
    return f"{version(PACKAGE)}, commit {commit}" if commit else version(PACKAGE)
