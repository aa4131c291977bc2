"""How much memory reading a CSV and training on it takes: a row of Markdown for each kind of data.

Runs with the services' own environment: training_memory.py [ROWS]. Each figure is of a process of its own, after a
small job: the peak of its resident memory above what it held then.
"""

import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from peaks import peak, reset_peak

from ml_engine import datasets, preparation, training
from ml_engine.domain import Hyperparameters
from ml_engine.limits import Limits

COLUMNS, ROWS = 200, 25_000
KIB = 1024
KINDS = ("numbers with decimals", "digits", "words, three in each column", "numbers with decimal commas", "dates")
DAY = date(2000, 1, 1)
QUICK = Hyperparameters(model="linear", folds=2)
LIMITS = Limits(room=2**40)


class Files:
    """An object store whose keys are paths."""

    def get_object(self, *, Key: str, **_bucket: str) -> Mapping[str, Any]:  # noqa: N803 - its name
        """As S3 answers."""
        path = Path("/") / Key
        return {"Body": path.open("rb"), "ContentLength": path.stat().st_size}


def write(path: Path, kind: str, rows: int) -> None:
    """A data set of this kind, and a target of whole numbers."""
    seeded = np.random.default_rng(1)
    delimiter = ";" if kind == KINDS[3] else ","
    with path.open("w", encoding="utf-8") as file:
        file.write(delimiter.join(f"c{column}" for column in range(COLUMNS)) + "\n")
        for number in range(rows):
            file.write(delimiter.join([*cells(kind, seeded), str(number % 1000)]) + "\n")


def cells(kind: str, seeded: np.random.Generator) -> list[str]:
    """A row of them, without the target."""
    if kind in (KINDS[0], KINDS[3]):
        row = [f"{value:.3f}" for value in seeded.normal(size=COLUMNS - 1)]
        return row if kind == KINDS[0] else [cell.replace(".", ",") for cell in row]
    digits = seeded.integers(0, {KINDS[1]: 9, KINDS[2]: 3}.get(kind, 9000), COLUMNS - 1).tolist()
    if kind == KINDS[4]:
        return [str(DAY + timedelta(days=digit)) for digit in digits]
    return [str(digit) if kind == KINDS[1] else "abc"[digit] * 3 for digit in digits]


def learn(path: Path) -> None:
    """As the training process does."""
    store: Any = Files()
    frame = datasets.read(store, f"s3://files{path}", LIMITS)
    training.train(preparation.prepare(frame, None, None), QUICK)


def measured(kind: str, rows: int) -> str:
    """Bytes for each cell, by a process that does nothing else."""
    done = subprocess.run([sys.executable, __file__, kind, str(rows)], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def measure(kind: str, rows: int) -> float:
    """The same, by this process."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.csv", Path(folder) / "large.csv"
        write(small, kind, 100)
        # In a process of its own, as what it takes would be kept.
        code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import training_memory as m; "
        code += f"m.write(m.Path({str(large)!r}), {kind!r}, {rows})"
        subprocess.run([sys.executable, "-c", code], check=True)
        learn(small)
        gc.collect()
        reset_peak(os.getpid())
        before = peak(os.getpid())
        learn(large)
        return (peak(os.getpid()) - before) * KIB * KIB / rows / COLUMNS


def main(rows: int) -> None:
    """Print the table."""
    print(f"| {rows:,} rows of {COLUMNS} | bytes for a cell |\n|---|---|")
    for kind in KINDS:
        print(f"| {kind} | {measured(kind, rows)} |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 2:  # noqa: PLR2004 - as `measured` calls it
        print(f"{measure(sys.argv[1], int(sys.argv[2])):.0f}")
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
