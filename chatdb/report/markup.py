"""Writing HTML: whatever is not markup already is escaped."""

import html
import json
from collections.abc import Iterable
from typing import Any

VOID = frozenset(("path", "rect"))
"""Of SVG: without contents."""


class Html(str):
    """Markup: it is not escaped again."""

    __slots__ = ()


Content = object
"""Html is taken as it is, None is left out, and the text of all else is escaped."""


def text(content: Content) -> Html:
    """The content as markup."""
    if isinstance(content, Html):
        return content
    return Html("" if content is None else html.escape(str(content)))


def tag(name: str, *contents: Content, **attributes: Content) -> Html:
    """An element. `class_` is its class, `data_name` the attribute data-name; None or False leave an attribute out."""
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{html.escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in VOID:
        return Html(f"<{name}{given}/>")
    return Html(f"<{name}{given}>{''.join(map(text, contents))}</{name}>")


def joined(parts: Iterable[Content], separator: str = "") -> Html:
    """The parts, one after the other."""
    return Html(str(text(separator)).join(map(text, parts)))


def embedded(value: Any) -> Html:
    """JSON that can stand inside of a script element, whatever texts it has."""
    written = json.dumps(value, sort_keys=True, separators=(",", ":"))
    for character in "<>&":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return Html(written)


def count(number: int, noun: str) -> str:
    """As `1 component` or `2 components`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
