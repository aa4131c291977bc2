"""Where the repository's folder is inside its git repository: Argo CD counts paths from the top of the latter."""

import re
from pathlib import Path

from constructs_lib.problem import InvalidInput, Problem

GIT = ".git"
FORBIDDEN = re.compile(r"[;*?\[\]\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Argo CD separates paths by semicolons and matches them as patterns; the rest is no text that YAML keeps."""


def prefix(root: Path) -> str:
    """The path from the top of the git repository to `root`, as "teams/platform/"; empty at the top and without git.

    As `git rev-parse --show-prefix` answers, but without git, its variables and its settings: a run inside a hook or
    in a container writes the same bytes. InvalidInput where Argo CD could not read the path.
    """
    folder = root.resolve()
    top = next((parent for parent in (folder, *folder.parents) if _is_top(parent)), folder)
    names = folder.relative_to(top).parts
    for name in names:
        if FORBIDDEN.search(name):
            message = "Argo CD cannot read this folder's name inside the git repository"
            raise InvalidInput(
                [Problem(ascii(name), message, "rename it: leave out ; * ? [ ] \\ and control characters")]
            )
    return "".join(f"{name}/" for name in names)


def _is_top(folder: Path) -> bool:
    """A worktree and a submodule have a file there; an empty folder of that name is not a repository."""
    return (folder / GIT).is_file() or (folder / GIT / "HEAD").is_file()
