"""Values of a wrong type: every field of the catalogue against the annotations of constructs_lib/model.py."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from reprlib import Repr
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from constructs_lib.model import Bucket, Catalogue, Component, External, Image, Topic
from constructs_lib.problem import Problem
from constructs_lib.resolve.problems.places import BUCKETS, COMPONENTS, EXTERNALS, IMAGES, TOPICS, entry

CONTROL = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
JSON = "what JSON has: texts, numbers, lists, and mappings of texts to these"
WORDS: Mapping[Any, str] = {Any: JSON, str: "a text", int: "a whole number", float: "a number", NoneType: "None"}
WITH_NAMES = ("components", "externals", "topics", "buckets", "images")
"""Fields of the catalogue whose entries are named where one of them is wrong."""
_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 60

Wrong = tuple[str, Any, str]
"""Path to a value from its entry, the value, and what is wanted there."""


def problems(catalogue: Catalogue) -> Iterator[Problem]:
    """All of them, each with what is wanted in its place."""
    for file, kind, entries in (
        (COMPONENTS, Component, catalogue.components),
        (EXTERNALS, External, catalogue.externals),
        (TOPICS, Topic, catalogue.topics),
        (BUCKETS, Bucket, catalogue.buckets),
    ):
        if not isinstance(entries, tuple):
            yield Problem(file, f"{_SHORT.repr(entries)} is no tuple of {kind.__name__}", "write (..., ...)")
            continue
        for number, value in enumerate(entries, 1):
            yield from _entry(file, str(getattr(value, "name", f"entry {number}")), value, kind)
    yield from _images(catalogue.images)
    yield from of_platform(catalogue)


def of_platform(catalogue: Catalogue) -> Iterator[Problem]:
    """Those of what the platform declares as a whole."""
    for name, annotation in _annotations(Catalogue).items():
        if name not in WITH_NAMES:
            for path, wrong, wanted in _wrong(name, getattr(catalogue, name), annotation):
                yield Problem(entry(COMPONENTS, "CATALOGUE"), f"{path} is {_SHORT.repr(wrong)}", f"write {wanted}")


def _images(images: Any) -> Iterator[Problem]:
    if not isinstance(images, Mapping):
        yield Problem(IMAGES, f"{_SHORT.repr(images)} is no mapping of names to Image", "write {...}")
        return
    for name, value in images.items():
        yield from _entry(IMAGES, str(name), value, Image)
        yield from _entry(IMAGES, str(name), name, str)


def _entry(file: str, name: str, value: Any, kind: type) -> Iterator[Problem]:
    for path, wrong, wanted in _wrong("", value, kind):
        message = f"{path or 'the entry'} is {_SHORT.repr(wrong)}"
        yield Problem(entry(file, name), message, f"write {wanted}")


def _wrong(path: str, value: Any, wanted: Any) -> Iterator[Wrong]:
    """What in the value, or below it, is not as the annotation says."""
    origin = get_origin(wanted)
    if isinstance(wanted, UnionType):
        yield from _optional(path, value, get_args(wanted))
    elif origin is Callable:
        yield from [] if callable(value) else [(path, value, "a function")]
    elif origin in (tuple, frozenset):
        yield from _items(path, value, get_args(wanted)[0], wanted)
    elif origin is not None:
        yield from _pairs(path, value, wanted)
    elif not _is(value, wanted):
        yield path, value, _words(wanted)
    elif isinstance(value, str):
        yield from _text(path, value)
    elif is_dataclass(value):
        for name, annotation in _annotations(wanted).items():
            yield from _wrong(f"{path}.{name}" if path else name, getattr(value, name), annotation)


def _optional(path: str, value: Any, options: tuple[Any, ...]) -> Iterator[Wrong]:
    if value is None and NoneType in options:
        return
    (option,) = (option for option in options if option is not NoneType)
    for place, wrong, text in _wrong(path, value, option):
        yield place, wrong, f"{text}, or None" if place == path else text


def _items(path: str, value: Any, item: Any, wanted: Any) -> Iterator[Wrong]:
    if not isinstance(value, get_origin(wanted)):
        yield path, value, _words(wanted)
        return
    for number, part in enumerate(value):
        yield from _wrong(f"{path}[{number}]", part, item)


def _pairs(path: str, value: Any, wanted: Any) -> Iterator[Wrong]:
    if not isinstance(value, Mapping):
        yield path, value, _words(wanted)
        return
    for key, part in value.items():
        yield from _wrong(f"a key of {path}", key, str)
        yield from _wrong(f"{path}[{_SHORT.repr(key)}]", part, get_args(wanted)[1])


def _text(path: str, value: str) -> Iterator[Wrong]:
    """What no YAML file can hold is refused here: no manifest could be read again."""
    if CONTROL.search(value):
        yield path, value, "it without control characters"


def _is(value: Any, wanted: type) -> bool:
    """Like isinstance, but True and False are no numbers, and a whole number is one with a fraction, too."""
    if wanted in (int, float) and isinstance(value, bool):
        return False
    if wanted is Any:
        return _is_json(value)
    return isinstance(value, (int, float) if wanted is float else wanted)


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


@cache
def _annotations(kind: Any) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _words(wanted: Any) -> str:
    """What to write where the annotation wants it."""
    if get_origin(wanted) is tuple:
        return f"a tuple of {_name(get_args(wanted)[0])}: one alone needs a comma, (x,)"
    if get_origin(wanted) is frozenset:
        return f"a frozenset of {_name(get_args(wanted)[0])}"
    if get_origin(wanted) is not None:
        of = get_args(wanted)[1]
        return f"a mapping of texts to {_name(of)}" + (", such as env(KEY='value')" if of is str else "")
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return f"one of {', '.join(f'{wanted.__name__}.{member.name}' for member in wanted)}"
    return WORDS.get(wanted) or f"{wanted.__name__}(...)"


def _name(kind: Any) -> str:
    if get_origin(kind) is tuple:
        return f"tuples of {_name(get_args(kind)[0])}"
    return "texts" if kind is str else str(kind.__name__)
