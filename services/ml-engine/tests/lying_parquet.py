"""Parquet files that lie: a number in the header of a page, or in the footer, is another one than what is there."""

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from thrift_compact import INTEGERS, LIST, STRUCT, Field, Items, Reader, Struct, written

NAME = b"PAR1"
ROWS = 200
# What a file's parts are called in Parquet's own definition.
ROW_GROUPS, COLUMNS, METADATA, DICTIONARY_AT, PAGES_AT, COMPRESSED_BYTES = 4, 1, 3, 11, 9, 7
FOOTER_ROWS = 3
GROUP_ROWS = (ROW_GROUPS, 3)
UNCOMPRESSED, COMPRESSED, DATA_HEADER, DICTIONARY_HEADER, VALUES = 2, 3, 5, 7, 1
FLAVOURS: tuple[dict[str, Any], ...] = (
    {"compression": "snappy"},
    {"compression": "none"},
    {"compression": "zstd", "data_page_version": "2.0"},
    {"compression": "gzip", "use_dictionary": False},
    {"compression": "none", "data_page_version": "2.0", "use_dictionary": False},
    {"compression": "snappy", "use_dictionary": False, "column_encoding": "DELTA_BINARY_PACKED", "columns": ["rooms"]},
    {"compression": "none", "use_dictionary": False, "column_encoding": "BYTE_STREAM_SPLIT", "columns": ["size"]},
    {"compression": "none", "use_dictionary": False, "column_encoding": "DELTA_BYTE_ARRAY", "columns": ["town"]},
    {"compression": "zstd", "use_dictionary": False, "column_encoding": "DELTA_LENGTH_BYTE_ARRAY", "columns": ["town"]},
)
EDGES = (0, 1, -1, 2, 7, 100, 2**15, 2**20, 2**31 - 1, 2**31, -(2**31), 2**33, 2**40, 2**62, 2**63 - 1, -(2**63))


@dataclass(frozen=True)
class Lie:
    """A file, and what is wrong in it."""

    content: bytes
    said: str


def honest(flavour: dict[str, Any], draw: random.Random) -> bytes:
    """A small file that can be trained on."""
    columns: dict[str, Any] = {
        "size": [draw.random() for _ in range(ROWS)],
        "rooms": [n % 7 for n in range(ROWS)],
        "town": [draw.choice("abc") * 9 if n % 9 else None for n in range(ROWS)],
    }
    options = dict(flavour)
    columns = {name: columns[name] for name in options.pop("columns", columns)}
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, row_group_size=ROWS // 2, data_page_size=256, **options)
    return sink.getvalue()


def lies(seed: int, number: int) -> Iterator[Lie]:
    """So many files, each with a lie; the same ones for a seed."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(number):
        content = honest(draw.choice(FLAVOURS), draw)
        yield draw.choice((_page, _page, _page, _footer, _footer, _shortened))(content, draw)


def _page(content: bytes, draw: random.Random) -> Lie:
    """A page whose header lies; its own length may be another one then, which the footer knows."""
    place, _ = draw.choice(pages(content))
    header = Reader(content, place).struct()
    said = _lie(header, "page", draw)
    return Lie(_with_header(content, place, header), said)


def _footer(content: bytes, draw: random.Random) -> Lie:
    """A footer that lies."""
    footer = _read_footer(content)
    said = _lie(footer, "footer", draw)
    return Lie(_with_footer(content, footer), said)


def _shortened(content: bytes, draw: random.Random) -> Lie:
    """A page that is cut off."""
    every = pages(content)
    page = draw.randrange(len(every))
    cut = draw.randint(1, max(1, every[page][1]))
    return Lie(shortened(content, page, cut), f"page {page} lacks {cut} of its {every[page][1]} bytes")


def in_page(content: bytes, page: int, value: int, *path: int) -> bytes:
    """The file with another number in the header of a page; `path` leads to it."""
    place, _ = pages(content)[page]
    header = Reader(content, place).struct()
    _set(header, path, value)
    return _with_header(content, place, header)


def in_footer(content: bytes, value: int, *path: int) -> bytes:
    """The file with another number in its footer; `path` leads to it, by way of the first item of each list."""
    footer = _read_footer(content)
    _set(footer, path, value)
    return _with_footer(content, footer)


def shortened(content: bytes, page: int, cut: int) -> bytes:
    """The file with a page that lacks so many bytes: what follows lies in their place."""
    place, _ = pages(content)[page]
    reader = Reader(content, place)
    reader.struct()
    return _moved(content[: reader.place] + content[reader.place + cut :], place, -cut)


def _set(fields: Struct, path: tuple[int, ...], value: int) -> None:
    for number in path[:-1]:
        found = fields[number].value
        fields = found.values[0] if isinstance(found, Items) else found
    fields[path[-1]].value = value


def _with_header(content: bytes, place: int, header: Struct) -> bytes:
    reader = Reader(content, place)
    reader.struct()
    made = written(header)
    return _moved(content[:place] + made + content[reader.place :], place, len(made) - (reader.place - place))


def pages(content: bytes) -> list[tuple[int, int]]:
    """Where each page's header begins, and how many bytes its body has."""
    places = []
    for chunk in _chunks(_read_footer(content)):
        begin = min(chunk[number].value for number in (DICTIONARY_AT, PAGES_AT) if number in chunk)
        reader = Reader(content, begin)
        while reader.place < begin + chunk[COMPRESSED_BYTES].value:
            place = reader.place
            size = reader.struct()[COMPRESSED].value
            places.append((place, size))
            reader.place += size
    return places


def _read_footer(content: bytes) -> Struct:
    size = int.from_bytes(content[-8:-4], "little")
    return Reader(content, len(content) - 8 - size).struct()


def _with_footer(content: bytes, footer: Struct) -> bytes:
    size = int.from_bytes(content[-8:-4], "little")
    made = written(footer)
    return content[: -8 - size] + made + len(made).to_bytes(4, "little") + NAME


def _chunks(footer: Struct) -> Iterator[Struct]:
    for group in footer[ROW_GROUPS].value.values:
        for column in group[COLUMNS].value.values:
            yield column[METADATA].value


def _moved(content: bytes, place: int, by: int) -> bytes:
    """With a footer that knows that so many bytes came in at a place."""
    footer = _read_footer(content)
    for chunk in _chunks(footer):
        begin = min(chunk[number].value for number in (DICTIONARY_AT, PAGES_AT) if number in chunk)
        if begin <= place < begin + chunk[COMPRESSED_BYTES].value:
            chunk[COMPRESSED_BYTES].value += by
        for number in (DICTIONARY_AT, PAGES_AT):
            if number in chunk and chunk[number].value > place:
                chunk[number].value += by
    return _with_footer(content, footer)


def _lie(fields: Struct, where: str, draw: random.Random) -> str:
    """Change one number in it, and say which."""
    path, one = draw.choice(list(_numbers(fields, where)))
    truth = one.value
    one.value = draw.choice([edge for edge in (*EDGES, truth - 1, truth + 1, 2 * truth) if edge != truth])
    return f"{path} is {one.value}, not {truth}"


def _numbers(fields: Struct, path: str) -> Iterator[tuple[str, Field]]:
    for number, one in fields.items():
        if one.kind in INTEGERS:
            yield f"{path}.{number}", one
        elif one.kind == STRUCT:
            yield from _numbers(one.value, f"{path}.{number}")
        elif one.kind == LIST and isinstance(one.value, Items) and one.value.kind == STRUCT:
            for index, item in enumerate(one.value.values):
                yield from _numbers(item, f"{path}.{number}[{index}]")
