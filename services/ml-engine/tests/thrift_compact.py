"""Thrift's compact protocol, as Parquet's headers and its footer are written: read, changed, and written again."""

from dataclasses import dataclass
from typing import Any

STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(13)
INTEGERS = (I16, I32, I64)


@dataclass
class Field:
    """A field of a struct: its type, and its value, which is a number, bytes, a list or a struct."""

    kind: int
    value: Any


@dataclass
class Items:
    """A list: the type of its items, and their values."""

    kind: int
    values: list[Any]


Struct = dict[int, Field]
"""Fields by their number."""


class Reader:
    """Reads one struct after another."""

    def __init__(self, content: bytes, place: int = 0) -> None:
        """`place` is where the next one begins."""
        self._content = content
        self.place = place

    def struct(self) -> Struct:
        """The next struct."""
        fields: Struct = {}
        number = 0
        while head := self._byte():
            step, kind = divmod(head, 16)
            number = number + step if step else self._integer()
            fields[number] = Field(kind, self._value(kind))
        return fields

    def _byte(self) -> int:
        self.place += 1
        return self._content[self.place - 1]

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) >= 128:
            value |= (byte - 128) << shift
            shift += 7
        return value | byte << shift

    def _integer(self) -> int:
        value = self._varint()
        return value >> 1 if value % 2 == 0 else -(value >> 1) - 1

    def _bytes(self, size: int) -> bytes:
        self.place += size
        return self._content[self.place - size : self.place]

    def _value(self, kind: int) -> Any:
        if kind in (TRUE, FALSE):
            return None
        if kind == STRUCT:
            return self.struct()
        if kind == LIST:
            return self._items()
        if kind == BINARY:
            return self._bytes(self._varint())
        return {BYTE: lambda: self._bytes(1), DOUBLE: lambda: self._bytes(8)}.get(kind, self._integer)()

    def _items(self) -> Items:
        number, kind = divmod(self._byte(), 16)
        count = self._varint() if number == 15 else number
        read = self._byte if kind in (TRUE, FALSE) else lambda: self._value(kind)
        return Items(kind, [read() for _ in range(count)])


def written(fields: Struct) -> bytes:
    """The struct's bytes; the numbers of its fields are named in full."""
    parts = [bytes([one.kind]) + _integer(number) + _written(one.kind, one.value) for number, one in fields.items()]
    return b"".join(parts) + b"\0"


def _written(kind: int, value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, dict):
        return written(value)
    if isinstance(value, Items):
        one = (lambda byte: bytes([byte])) if value.kind in (TRUE, FALSE) else (lambda item: _written(value.kind, item))
        return bytes([240 + value.kind]) + _varint(len(value.values)) + b"".join(map(one, value.values))
    if isinstance(value, bytes):
        return value if kind in (BYTE, DOUBLE) else _varint(len(value)) + value
    return _integer(value)


def _varint(value: int) -> bytes:
    low, rest = value % 128, value >> 7
    return bytes([low]) if rest == 0 else bytes([low + 128]) + _varint(rest)


def _integer(value: int) -> bytes:
    return _varint(value << 1 if value >= 0 else (-value << 1) - 1)
