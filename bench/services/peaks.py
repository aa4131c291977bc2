"""The most memory that a process has held, as the kernel keeps it: no look in between can miss it."""

from pathlib import Path

KIB = 1024
RESET = "5"
"""What proc(5) names for the mark of the highest resident set."""


def peak(pid: int) -> float:
    """MiB: the largest resident set since the process began, or since `reset_peak`."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / KIB


def reset_peak(pid: int) -> None:
    """Let the mark begin anew at what the process holds now."""
    Path(f"/proc/{pid}/clear_refs").write_text(RESET, encoding="utf-8")
