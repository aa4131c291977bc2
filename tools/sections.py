"""Generated sections of Markdown pages: what is between `<!-- name -->` and `<!-- /name -->`."""

from pathlib import Path


def filled(page: Path, name: str, content: str) -> str:
    """The text of the page with this content in the section of that name.

    Raises SystemExit, which names page and section, where the section is missing, is there twice or is not closed.
    """
    text = page.read_text(encoding="utf-8")
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, opened, rest = text.partition(opening)
    _, closed, after = rest.partition(closing)
    if not opened:
        raise SystemExit(f'{page}: section "{name}" is missing. Add {opening} and {closing}.')
    if not closed:
        raise SystemExit(f'{page}: section "{name}" is not closed. Add {closing} after it.')
    if text.count(opening) > 1 or text.count(closing) > 1:
        raise SystemExit(f'{page}: section "{name}" is there twice. Keep one {opening} and one {closing}.')
    return f"{before}{opening}\n{content}\n{closing}{after}"


def fill(page: Path, name: str, content: str) -> None:
    """Write the content into the section of that name of the page; SystemExit as `filled`."""
    page.write_text(filled(page, name, content), encoding="utf-8")
