"""What a data set may have: refused as soon as what is known of it is too much."""

from dataclasses import dataclass

from ml_engine.domain import BadData
from ml_engine.memory import CELL_BYTES, MOST_CELLS, in_mebibytes

MEBIBYTE = 1024 * 1024
MOST_BYTES = 128 * MEBIBYTE
MOST_ROWS = 200_000
MOST_COLUMNS = 200
MOST_NAME = 256
"""Characters of a column's name; an instance to predict has no longer ones."""


@dataclass(frozen=True)
class Limits:
    """What a data set may have."""

    room: int
    """Bytes of memory that are left for the data set and for training on it."""

    def refuse(self, *, columns: int = 0, rows: int = 0, size: int = 0) -> None:
        """BadData where what is known so far is too much; more can only be more."""
        if columns > MOST_COLUMNS:
            raise BadData(f"the data set has {columns} columns, and {MOST_COLUMNS} are the most")
        if rows > MOST_ROWS:
            raise BadData(f"the data set has more than {MOST_ROWS} rows")
        if columns * rows > MOST_CELLS:
            raise BadData(f"the data set has {columns} columns in so many rows: {MOST_CELLS} cells are the most")
        if size > 2 * MOST_BYTES:
            raise BadData(f"the data set takes more than {2 * MOST_BYTES} bytes of memory")
        self.refuse_need(columns * rows * CELL_BYTES, f"{columns} columns in {rows} rows or more")

    def refuse_need(self, needed: int, data: str) -> None:
        """BadData, which names both, where so many bytes of memory are more than there are."""
        if needed > self.room:
            room = in_mebibytes(max(self.room, 0))
            raise BadData(
                f"{data} need at least {in_mebibytes(needed)} of memory, and {room} are available:"
                " use fewer rows or columns"
            )
