"""A cache gives back what was written or nothing, whatever happens to its folder."""

import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from constructs_lib.cache import Cache

VALUE = b"x" * 1000


def test_what_was_put_is_there(tmp_path: Path) -> None:
    """Also an empty result, and one with lines; another key is none."""
    cache = Cache(tmp_path / "not-yet/there")
    assert cache.get("a") is None
    for value in (b"", b"a\nb\n", VALUE):
        cache.put({"a": value})
        assert cache.get("a") == value
    assert cache.get("b") is None


@pytest.mark.parametrize("at", [0, 64, 70, -1])
def test_flipped_byte(tmp_path: Path, at: int) -> None:
    """Of the hash, of what parts the two, and of the result: it is not there, and can be put again."""
    cache = Cache(tmp_path)
    cache.put({"a": VALUE})
    content = bytearray((tmp_path / "a").read_bytes())
    content[at] ^= 1
    (tmp_path / "a").write_bytes(content)
    assert cache.get("a") is None
    cache.put({"a": VALUE})
    assert cache.get("a") == VALUE


def test_cut_short(tmp_path: Path) -> None:
    """As a machine that goes down leaves it."""
    cache = Cache(tmp_path)
    cache.put({"a": VALUE})
    for size in (0, 10, 500):
        os.truncate(tmp_path / "a", size)
        assert cache.get("a") is None


def test_bounded(tmp_path: Path) -> None:
    """What was not used for the longest time goes, and so does what a run has left that was killed."""
    cache = Cache(tmp_path, most=3500)
    (tmp_path / ".killed").write_bytes(VALUE)
    for number, name in enumerate((".killed", "a", "b")):
        if name != ".killed":
            cache.put({name: VALUE})
        os.utime(tmp_path / name, (number, number))
    assert cache.get("a") == VALUE
    cache.put({"c": VALUE})
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b", "c"}
    cache.put({"d": VALUE})
    assert {path.name for path in tmp_path.iterdir()} == {"a", "c", "d"}
    cache.put({"large": VALUE * 4})
    assert [*tmp_path.iterdir()] == []


def test_folder_that_can_not_be_written(tmp_path: Path) -> None:
    """Nothing is kept, and nobody is told: it is no part of the result."""
    (tmp_path / "file").touch()
    cache = Cache(tmp_path / "file/cache")
    cache.put({"a": VALUE})
    assert cache.get("a") is None


def use(folder: Path) -> bool:
    """Whether every result that was there was whole."""
    cache = Cache(folder, most=5000)
    whole = True
    for number in range(300):
        key = str(number % 7)
        cache.put({key: key.encode() * 1000})
        value = cache.get(key)
        whole = whole and value in (None, key.encode() * 1000)
    return whole


def test_several_runs_share_it(tmp_path: Path) -> None:
    """Each removes what others put, under their hands."""
    with ProcessPoolExecutor(4) as pool:
        assert all(pool.map(use, [tmp_path] * 4))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
