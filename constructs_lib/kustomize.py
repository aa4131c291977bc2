"""Rendering overlays with Kustomize."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

from constructs_lib import yaml_loader
from constructs_lib.cache import FOLDER, Cache
from constructs_lib.kustomization import Kustomization
from constructs_lib.kustomize_inputs import inputs
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.yaml_loader import load_all

SECONDS = 120
AT_ONCE = 2
"""Builds that run beside each other; each is mostly busy on one processor."""
RUNTIME = {"GOGC": "off", "GOMEMLIMIT": "512MiB"}
"""Variables of Kustomize. It lives for a tenth of a second: a third of it would be spent on collecting garbage."""
CODE = tuple(map(Path, (__file__, yaml_loader.__file__)))
OBJECT = re.compile(r"^map\[string\]interface \{\}.*\}: ", re.DOTALL)
"""All of an object, before what is wrong with it."""
CRASH = re.compile(r"panic: (.*?)\s*^goroutine ", re.DOTALL | re.MULTILINE)
"""What a program in Go says before the calls that led there."""


def tool(root: Path, name: str) -> str:
    """Path of a pinned tool; InvalidInput with advice where it is not installed."""
    own = root / ".tools/bin" / name
    path = str(own) if own.exists() else shutil.which(name)
    if not path:
        raise InvalidInput([Problem(name, "is not installed", "run `make setup-test`")])
    return path


def kustomize(root: Path, folder: Path, tools: Path | None = None) -> list[dict[str, Any]]:
    """The objects that the kustomization gives; InvalidInput with Kustomize's own words.

    `root` is the tree that messages name the folder by, `tools` the repository whose Kustomize is run, and where what
    it has built is kept for the next time.
    """
    program, cache = tool(tools or root, "kustomize"), Cache((tools or root) / FOLDER)
    key = _key(root, folder, program)
    kept = cache.get(key) if key else None
    if kept is not None:
        objects: list[dict[str, Any]] = json.loads(kept)
        return objects
    objects = _build(root, folder, program)
    # Somebody may have changed a file meanwhile.
    if key and key == _key(root, folder, program):
        cache.put({key: json.dumps(objects).encode()})
    return objects


def _key(root: Path, folder: Path, program: str) -> str | None:
    """A hash of the files, of Kustomize, and of the code that reads its output; None where the files are not known."""
    files, status = inputs(root, folder), Path(program).stat()
    made_by = (str(files), str(status.st_size), str(status.st_mtime_ns), *map(_hash, CODE))
    return hashlib.sha256("\n".join(made_by).encode()).hexdigest() if files else None


@lru_cache
def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _build(root: Path, folder: Path, program: str) -> list[dict[str, Any]]:
    kustomization = Kustomization(root, folder)
    if wrong := tuple(kustomization.problems()):
        raise InvalidInput(dict.fromkeys(wrong))
    command = [program, "build", str(folder)]
    try:
        done = subprocess.run(command, env=os.environ | RUNTIME, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        message = f"Kustomize did not finish within {SECONDS} s"
        raise InvalidInput([Problem(kustomization.where, message, "make its files smaller, or local")]) from error
    if done.returncode:
        # Its words name files by their full path, which says nothing more and differs between machines.
        words = done.stderr.decode(errors="replace").strip().replace(f"{root}/", "").removeprefix("Error: ")
        words = OBJECT.sub("", words)
        if crash := CRASH.match(words):
            words = f"Kustomize itself crashes: {crash[1]}"
        fix = "fix the kustomization; is dist/ up to date, and is nothing patched that a trait replaces?"
        raise InvalidInput([Problem(kustomization.where, words, fix)])
    return load_all(done.stdout.decode())


def kustomize_each(
    root: Path, folders: Iterable[Path], tools: Path | None = None
) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """(folder, its objects), one by one; InvalidInput at the end, with every folder that does not build."""
    problems: list[Problem] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        builds = [(folder, pool.submit(kustomize, root, folder, tools)) for folder in folders]
        for folder, build in builds:
            try:
                yield folder, build.result()
            except InvalidInput as error:
                problems += error.problems
    if problems:
        raise InvalidInput(dict.fromkeys(problems))
