"""From a staged tree to the repository: by rename, so that a run that dies leaves the old files whole."""

import filecmp
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

SWAP = Path(".cdk8s/swap")
"""Where old trees wait until the new ones are in place; on the same file system as they are."""


def recover(root: Path, targets: Iterable[str]) -> None:
    """Fix a publication that was interrupted: what was moved away and not replaced comes back."""
    swap = root / SWAP
    for target in targets:
        aside = swap / _flat(target)
        if aside.exists() and not (root / target).exists():
            (root / target).parent.mkdir(parents=True, exist_ok=True)
            aside.replace(root / target)
    shutil.rmtree(swap, ignore_errors=True)


def publish(root: Path, staged: Path, targets: Iterable[str]) -> tuple[str, ...]:
    """Put the targets (files or folders, relative) of the staged tree in place; the names of those that changed.

    A target that is not staged is removed. All are copied before the first is moved: where there is no room for one of
    them, none has changed.
    """
    swap = root / SWAP
    changed = tuple(target for target in targets if differences(staged / target, root / target))
    try:
        for target in changed:
            if (staged / target).exists():
                _copy(staged / target, swap / f"{_flat(target)}.new")
        for target in changed:
            if not (staged / target).exists():
                swap.mkdir(parents=True, exist_ok=True)
                (root / target).replace(swap / f"{_flat(target)}.removed")
                continue
            (root / target).parent.mkdir(parents=True, exist_ok=True)
            if (root / target).is_dir():
                (root / target).replace(swap / _flat(target))
            (swap / f"{_flat(target)}.new").replace(root / target)
    finally:
        recover(root, changed)
    return changed


def differences(left: Path, right: Path) -> tuple[str, ...]:
    """Relative paths that are not the same on both sides, sorted; "." for the two roots themselves."""
    if left.is_dir() != right.is_dir() or left.exists() != right.exists():
        return (".",)
    if not left.exists():
        return ()
    if not left.is_dir():
        return () if filecmp.cmp(left, right, shallow=False) else (".",)
    names = {path.relative_to(side).as_posix() for side in (left, right) for path in _files(side)}
    return tuple(
        name
        for name in sorted(names)
        if not ((left / name).is_file() and (right / name).is_file())
        or not filecmp.cmp(left / name, right / name, shallow=False)
    )


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _flat(target: str) -> str:
    return target.replace("/", "+")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        shutil.rmtree(target)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)
