"""How much memory training may use: the container's limit, less what predictions need.

The limit counts every process of the container, and the pages of files that they map. So the training process gets a
share of its own, in which only anonymous memory counts: that is what the kernel cannot drop when memory is short.
Nothing but the standard library is imported: the documentation's figures are made from this file.
"""

from collections.abc import Iterator
from pathlib import Path

MEBIBYTE = 1024 * 1024
# Measured by bench/services/training_memory.py, see docs/services.md.
CELL_BYTES = 36
"""The least that training takes for a cell."""
IDLE_BYTES = 160 * MEBIBYTE
"""What the training process takes without a data set."""
MOST_CELLS = 20_000_000
"""However much memory there is: training takes minutes by then."""
# Files that are mapped, the kernel's own pages, and what is allocated between two looks at the training process.
OVERHEAD_BYTES = 160 * MEBIBYTE
# With these: predictions, with all models that are kept in memory.
SERVING_BYTES = 384 * MEBIBYTE
ROOT = Path("/")


def limit(root: Path = ROOT) -> int:
    """The memory limit of this process's cgroup (v1 or v2) or of one above it, at most the machine's memory; bytes."""
    return min(_limits(root))


def share(most: int) -> int:
    """Bytes that a training process may hold where the limit of the container is `most`."""
    return max(0, most - SERVING_BYTES)


def available(most: int) -> int:
    """The share, or less where this process, which serves predictions, takes more than it is meant to."""
    return min(share(most), max(0, most - anonymous("self") - OVERHEAD_BYTES))


def anonymous(pid: int | str) -> int:
    """Bytes of anonymous memory that the process holds; 0 where it has ended and is not yet waited for."""
    return _kibibytes(Path(f"/proc/{pid}/status"), "RssAnon")


def cells(most: int) -> int:
    """The largest data set, in cells, that is not refused by its size where the container's limit is `most` bytes."""
    return min(MOST_CELLS, max(0, share(most) - IDLE_BYTES) // CELL_BYTES)


def shortage(needed: int, present: int) -> str:
    """For who has sent a job that is too large."""
    return (
        f"training needs more than {in_mebibytes(needed)} of memory, and {in_mebibytes(present)} are available:"
        " use fewer rows or columns, or fewer or less deep trees"
    )


def in_mebibytes(size: int) -> str:
    """For a person, rounded."""
    return f"{size / MEBIBYTE:.0f} MiB"


def _limits(root: Path) -> Iterator[int]:
    mounted = root / "sys/fs/cgroup"
    yield _kibibytes(root / "proc/meminfo", "MemTotal")
    for line in (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            yield from _upwards(mounted, path, "memory.max")
        elif "memory" in controllers.split(","):
            yield from _upwards(mounted / "memory", path, "memory.limit_in_bytes")


def _upwards(mounted: Path, path: str, file: str) -> Iterator[int]:
    """Each limit from the cgroup up to the mount; with a path of the host, a container has the mount only."""
    own = mounted / path.lstrip("/")
    for folder in (own, *own.parents):
        if (folder / file).is_file() and (text := (folder / file).read_text(encoding="utf-8").strip()) != "max":
            yield int(text)
        if folder == mounted:
            return


def _kibibytes(path: Path, name: str) -> int:
    """The figure of that name, in bytes."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), 0)
