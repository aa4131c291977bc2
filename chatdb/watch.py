"""What somebody saves, as it is saved."""

from collections.abc import Iterator
from pathlib import Path

from watchfiles import Change, watch

from constructs_lib.gitops.fingerprint import input_folders, is_input
from constructs_lib.problem import InvalidInput, Problem

STEP, LONGEST = 20, 400
"""Milliseconds: files that are saved within a step of each other are told together, after the longest at the latest."""
FIRST = 200
"""Milliseconds without a change after which the folders are known to be watched."""
LIMIT = "raise the limits of inotify: sysctl fs.inotify.max_user_watches fs.inotify.max_user_instances"


def saved(root: Path) -> Iterator[tuple[str, ...]]:
    """The inputs of the repository that were written or removed, relative, again and again; first of all, none.

    Nothing that is saved while the caller is busy is lost. Folders are watched one by one, since what lies beside them,
    as the history of git, is much larger. KeyboardInterrupt on Ctrl-C, InvalidInput where they cannot be watched.
    """
    while True:
        folders, begun = input_folders(root), False
        try:
            for changes in watch(
                *folders, watch_filter=None, recursive=False, step=STEP, debounce=LONGEST,
                rust_timeout=FIRST, yield_on_timeout=True,
            ):  # fmt: skip
                names = tuple(_names(root, changes))
                if (changes or not begun) and input_folders(root) != folders:
                    break
                if names or not begun:
                    begun = True
                    yield names
        except OSError as error:
            raise InvalidInput([Problem("--watch", f"the inputs cannot be watched: {error}", LIMIT)]) from error


def _names(root: Path, changes: set[tuple[Change, str]]) -> Iterator[str]:
    """Of what is or was an input; editors make files beside it that are gone at once."""
    new = {path for change, path in changes if change is Change.added}
    for path in sorted({Path(path) for _, path in changes}):
        if is_input(root, path) and (path.exists() or str(path) not in new):
            yield path.relative_to(root).as_posix()
