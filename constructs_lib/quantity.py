"""Kubernetes quantities as numbers, and back."""

import re

FACTORS = {
    "": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40,
}  # fmt: skip
MIB = 2**20
# No more digits than a float holds exactly.
_PATTERN = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)(m|k|[KMGT]i|[MGT])?")


def millicores(quantity: str) -> int:
    """CPU in thousandths of a core; ValueError for what is no quantity."""
    number, unit = _parts(quantity)
    return round(number) if unit == "m" else round(number * 1000 * FACTORS[unit])


def in_bytes(quantity: str) -> int:
    """Memory or storage in bytes; ValueError for what is no quantity of bytes."""
    number, unit = _parts(quantity)
    if unit == "m":
        raise ValueError(f"{quantity!r} is no number of bytes: write it in Mi or Gi")
    return round(number * FACTORS[unit])


def _parts(quantity: str) -> tuple[float, str]:
    match = _PATTERN.fullmatch(str(quantity))
    if not match:
        raise ValueError(f"{quantity!r} is no quantity: write it like 250m, 512Mi or 1Gi")
    return float(match[1]), match[2] or ""


def cpu_text(number: int) -> str:
    """Millicores as a quantity."""
    return f"{number}m"


def memory_text(number: int) -> str:
    """Bytes as a quantity in Mi, rounded up."""
    return f"{-(-number // MIB)}Mi"
