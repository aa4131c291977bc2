"""An artifact through model-registry against plain boto3 to the same object store; and how much memory that takes.

Both send the same file. boto3 has its defaults: `upload_file` sends parts of 8 MiB, several at a time. A version to be
filled is made before each turn, and is in no figure.
"""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from peaks import peak, reset_peak
from turns import Contender, Results, Turn, alternate
from workers import worker
from world import World

from constructs_lib.quantity import MIB

OURS, BOTO3 = "model-registry", "boto3"
REGISTRY, MODEL = "model-registry", "uploads"
SIZES = (1, 32, 256)
"""MiB of an artifact."""
QUICK_SIZES = (1, 32)
COUNT = {1: 20, 32: 2, 256: 1}
"""Artifacts of a turn."""
ROUNDS = {1: 9, 32: 7, 256: 5}


@dataclass(frozen=True, kw_only=True, slots=True)
class Uploads:
    """The turns by size, in MiB of artifacts; and the service's highest memory in MiB, of each size alone."""

    results: Mapping[int, Results]
    memory: Mapping[int, float]


def uploads(world: World) -> Uploads:
    """Measure all sizes, the smallest first."""
    results: dict[int, Results] = {}
    memory: dict[int, float] = {}
    pid = world.platform.parts[REGISTRY].server.pid
    world.call(REGISTRY, "POST", "/models", {"name": MODEL})
    for size in QUICK_SIZES if world.quick else SIZES:
        path = _file(world, size)
        reset_peak(pid)
        results[size] = _measured(world, size, path)
        memory[size] = peak(pid)
        path.unlink()
    world.call(REGISTRY, "DELETE", f"/models/{MODEL}")
    return Uploads(results=results, memory=memory)


def _measured(world: World, size: int, path: Path) -> Results:
    told = {"file": str(path), "count": COUNT[size]}
    service = {"way": "service", "address": world.address(REGISTRY), "model": MODEL}
    store = {"way": "boto3", "store": world.told(REGISTRY)}
    with ExitStack() as stack:
        contenders = {
            name: _in_mebibytes(stack.enter_context(worker("send_file.py", {**told, **way})), size)
            for name, way in ((OURS, service), (BOTO3, store))
        }
        return alternate(contenders, world.rounds(ROUNDS[size]))


def _in_mebibytes(take: Contender, size: int) -> Contender:
    def act() -> Turn:
        turn = take()
        return replace(turn, done=turn.done * size)

    return act


def _file(world: World, size: int) -> Path:
    """Bytes that no layer can make smaller."""
    path = world.platform.site.folder / f"artifact-{size}"
    with path.open("wb") as file:
        for _ in range(size):
            file.write(os.urandom(MIB))
    return path
