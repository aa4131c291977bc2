"""What sections have in common: links to components, tables, lists of names."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chatdb.report.markup import Content, Html, joined, tag

MOST_NAMES = 40
"""In one cell of a table: with more, their number says it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A part of the page: `id` is its anchor, `title` its heading and its entry in the navigation."""

    id: str
    title: str
    body: Html


def link(name: str) -> Html:
    """The name of a component, which leads to its details."""
    return tag("a", name, href=f"#c-{name}")


def names(every: Sequence[str]) -> Html:
    """The names of components, each with a link; of many only some, and how many more there are."""
    shown = [link(name) for name in every[:MOST_NAMES]]
    more = len(every) - len(shown)
    rest = [tag("span", f"and {more} more")] if more else []
    return tag("ul", *(tag("li", one) for one in (*shown, *rest)), class_="names")


NONE = "\N{EN DASH}"
"""In a cell without a value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """The head of a column; `number` says that it has numbers."""

    title: Content
    number: bool = False


def numbers(*titles: str) -> list[Column]:
    """Columns of numbers."""
    return [Column(title=title, number=True) for title in titles]


def table(
    caption: str,
    columns: Sequence[Column | str],
    rows: Iterable[Sequence[Content]],
    *,
    class_: str | None = None,
    groups: Sequence[tuple[str, int]] = (),
) -> Html:
    """A table whose first cells are the heads of their rows; where it is too wide it scrolls.

    `groups` are heads of several columns each, after the first one.
    """
    heads = [column if isinstance(column, Column) else Column(title=column) for column in columns]
    sides = ["number" if head.number else None for head in heads]
    above = [tag("th", title, scope="colgroup", colspan=span) for title, span in groups]
    titles = (tag("th", head.title, scope="col", class_=side) for head, side in zip(heads, sides, strict=True))
    head = (tag("tr", tag("td"), *above) if above else None, tag("tr", *titles))
    body = (tag("tr", *_cells(row, sides)) for row in rows)
    hidden = tag("caption", caption, class_="hidden")
    return scrolled(caption, tag("table", hidden, tag("thead", *head), tag("tbody", *body), class_=class_))


def scrolled(label: str, content: Html) -> Html:
    """The content in a group that the keyboard scrolls, too."""
    return tag("div", content, class_="scroll", role="group", aria_label=label, tabindex=0)


def code(content: Content) -> Html:
    """A path or a reference, which may be broken after its separators."""
    return tag("code", joined(re.split(r"(?<=[/:@.=,])(?=\w)", str(content)), Html("<wbr>")))


def _cells(row: Sequence[Content], sides: Sequence[str | None]) -> Iterable[Html]:
    head, *rest = zip(row, sides, strict=True)
    yield tag("th", head[0], scope="row", class_=head[1])
    yield from (tag("td", content, class_=side) for content, side in rest)


def folded(summary: Content, content: Html) -> Html:
    """What opens on demand."""
    return tag("details", tag("summary", summary), content, class_="more")


def paragraph(*contents: Content, class_: str | None = None) -> Html:
    """A paragraph."""
    return tag("p", joined(contents), class_=class_)
