"""The container's memory limit as the kernel shows it, by both versions of cgroups, and what follows from it."""

from pathlib import Path

import pytest

from ml_engine import memory

GIBIBYTE = 1024 * memory.MEBIBYTE
UNLIMITED = str(2**63 - 4096)
POD = "kubepods/burstable/pod1/c1"
V1 = f"12:cpu,cpuacct:/\n9:memory:/{POD}\n1:name=systemd:/{POD}\n"
TREES = {
    "version 2, in a container": ("0::/\n", {"memory.max": str(GIBIBYTE)}, GIBIBYTE),
    "version 2, on the host": (f"0::/{POD}\n", {f"{POD}/memory.max": str(GIBIBYTE)}, GIBIBYTE),
    "version 2, limit of the pod": (
        f"0::/{POD}\n",
        {f"{POD}/memory.max": "max", "kubepods/burstable/pod1/memory.max": str(GIBIBYTE)},
        GIBIBYTE,
    ),
    "version 2, no limit": ("0::/\n", {"memory.max": "max"}, 8 * GIBIBYTE),
    "version 2, root": ("0::/\n", {}, 8 * GIBIBYTE),
    "version 2, more than the machine has": ("0::/\n", {"memory.max": str(64 * GIBIBYTE)}, 8 * GIBIBYTE),
    "version 1, in a container": (V1, {"memory/memory.limit_in_bytes": str(GIBIBYTE)}, GIBIBYTE),
    "version 1, on the host": (
        V1,
        {"memory/memory.limit_in_bytes": UNLIMITED, f"memory/{POD}/memory.limit_in_bytes": str(GIBIBYTE)},
        GIBIBYTE,
    ),
    "version 1, limit of the pod": (
        V1,
        {
            f"memory/{POD}/memory.limit_in_bytes": UNLIMITED,
            "memory/kubepods/burstable/pod1/memory.limit_in_bytes": str(GIBIBYTE),
        },
        GIBIBYTE,
    ),
    "version 1, no limit": (V1, {"memory/memory.limit_in_bytes": UNLIMITED}, 8 * GIBIBYTE),
    "both, memory by version 1": (f"{V1}0::/\n", {"memory/memory.limit_in_bytes": str(GIBIBYTE)}, GIBIBYTE),
    "another cgroup's limit": (f"0::/{POD}\n", {"system/memory.max": "4096", "memory.max": "max"}, 8 * GIBIBYTE),
}


@pytest.mark.parametrize(("own", "files", "expected"), TREES.values(), ids=list(TREES))
def test_limit(tmp_path: Path, own: str, files: dict[str, str], expected: int) -> None:
    """The least limit from the own cgroup upwards, and never more than the machine has."""
    shown = {"proc/self/cgroup": own, "proc/meminfo": f"MemTotal: {8 * 1024 * 1024} kB\nMemFree: 1 kB\n"}
    for name, text in (shown | {f"sys/fs/cgroup/{name}": f"{text}\n" for name, text in files.items()}).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert memory.limit(tmp_path) == expected


def test_limit_of_this_machine() -> None:
    """The real files can be read, whatever they say."""
    assert memory.limit() > memory.MEBIBYTE


def test_predictions_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training has what predictions may need at most, and less where they need more."""
    monkeypatch.setattr(memory, "anonymous", lambda _pid: 0)
    assert memory.available(GIBIBYTE) == GIBIBYTE - memory.SERVING_BYTES
    monkeypatch.setattr(memory, "anonymous", lambda _pid: 500 * memory.MEBIBYTE)
    assert memory.available(GIBIBYTE) == GIBIBYTE - 500 * memory.MEBIBYTE - memory.OVERHEAD_BYTES


def test_cells_follow_from_the_limit() -> None:
    """More memory is more cells, no memory is none, and there is an end."""
    least = memory.SERVING_BYTES + memory.IDLE_BYTES
    limits = (0, least + memory.CELL_BYTES * 1000, 64 * GIBIBYTE)
    assert [memory.cells(most) for most in limits] == [0, 1000, memory.MOST_CELLS]
