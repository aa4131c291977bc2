"""Edits of anything that a run reads or writes: by people, by a damaged disk, or by a run that was killed."""

import random
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from constructs_lib.cache import FOLDER
from constructs_lib.gitops.fingerprint import NOTE
from tests.properties import overlay_edits

ENVIRONMENT = "minikube"
NUMBERS = {
    "entry": ("catalogue/components.py", r'cpu="(\d+)m"|_limit="(\d+)Mi"|replicas=(\d+)'),
    "topic": ("catalogue/topics.py", r"partitions=(\d+)"),
    "image": ("catalogue/images.py", r'", "v?\d+\.(\d+)'),
    "code for all": ("constructs_lib/parts/workload.py", r"revision_history_limit=(\d+)"),
    "code for a chart": ("constructs_lib/parts/namespaces.py", r'"(\d+)Mi"'),
    "code of a type": ("constructs_lib/types/*/construct.py", r'="(\d+)Mi"|\("(\d+)Mi"'),
    "code of the head": ("constructs_lib/types/prometheus/spec.py", r"link\.port\.number(\b)"),
}
"""What is a number in a file: it may be any other one."""
TEXTS = ("catalogue/files/*/*", "constructs_lib/types/*/files/*", "services/*/migrations/*")
"""Files that are taken as they are, and may end with a comment."""
BREAKS = ("catalogue/components.py", "chatdb.yaml", f"overlays/{ENVIRONMENT}/core/kustomization.yaml")
OUTPUTS = (
    "dist/*/*.yaml",
    "dist/traits/*/*/*.yaml",
    "argocd/*/*.yaml",
    "argocd/*/apps/*.yaml",
    "overlays/*/*/generated/*",
)
Edit = Callable[[random.Random, Path], str]
"""Changes something in the repository; says what."""


def number(chance: random.Random, root: Path) -> str:
    """Another number in data or code."""
    kind = chance.choice([*NUMBERS])
    pattern, expression = NUMBERS[kind]
    path, text, found = chance.choice(
        [
            (path, text, match)
            for path in sorted(root.glob(pattern))
            for text in [path.read_text()]
            for match in re.finditer(expression, text)
        ]
    )
    start, end = next(found.span(group) for group in range(1, len(found.groups()) + 1) if found[group] is not None)
    new = f" + {chance.randint(0, 9)}" if start == end else str(chance.randint(1, 64))
    path.write_text(text[:start] + new + text[end:])
    return f"{kind}: {path.relative_to(root)}: {new} at {start}"


def text(chance: random.Random, root: Path) -> str:
    """A comment more in a file that is taken as it is."""
    path = _any(chance, root, TEXTS)
    with path.open("a") as file:
        file.write(f"\n# {chance.random()}\n")
    return f"a comment in {path.relative_to(root)}"


def overlay(chance: random.Random, root: Path) -> str:
    """An edit of what is written for the environment."""
    return chance.choice(overlay_edits.MORE)(chance, root / "overlays" / ENVIRONMENT)


def broken(chance: random.Random, root: Path) -> str:
    """What cannot be read, until somebody goes back."""
    path = root / chance.choice(BREAKS)
    path.write_text(path.read_text() + "\n)]}\n")
    return f"broken: {path.relative_to(root)}"


def damaged(chance: random.Random, root: Path) -> str:
    """A generated file less, or with another byte."""
    path = _any(chance, root, OUTPUTS)
    if chance.random() < 0.5:
        path.unlink()
    else:
        _flip(chance, path)
    return f"damaged: {path.relative_to(root)}"


def cache(chance: random.Random, root: Path) -> str:
    """What is kept is damaged: a byte, the end of a file, one file, or all of them."""
    paths = sorted((root / FOLDER).glob("*"))
    how = chance.choice(["flip", "cut", "remove", "empty"])
    if not paths or how == "empty":
        shutil.rmtree(root / FOLDER, ignore_errors=True)
    for path in chance.sample(paths, min(len(paths), 9)) if how != "empty" else []:
        if how == "flip":
            _flip(chance, path)
        elif how == "cut":
            path.write_bytes(path.read_bytes()[: chance.randint(0, 200)])
        else:
            path.unlink()
    return f"cache: {how}"


def note(chance: random.Random, root: Path) -> str:
    """The note of the last run is gone: all is generated anew, as after a clone of the outputs."""
    (root / NOTE).unlink(missing_ok=True)
    return "without the note"


EDITS: tuple[Edit, ...] = (number, number, number, text, overlay, broken, damaged, cache, note)


def _any(chance: random.Random, root: Path, patterns: Iterable[str]) -> Path:
    pattern = chance.choice([pattern for pattern in patterns if any(root.glob(pattern))])
    return chance.choice(
        sorted(path for path in root.glob(pattern) if path.is_file() and path.parent.name != "__pycache__")
    )


def _flip(chance: random.Random, path: Path) -> None:
    content = bytearray(path.read_bytes())
    if content:
        content[chance.randrange(len(content))] ^= 1
        path.write_bytes(content)
