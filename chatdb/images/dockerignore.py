"""What a .dockerignore file leaves out of a build: the last pattern that fits decides, `!` brings back."""

import re
from collections.abc import Callable

WILDCARDS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+")


def ignored(text: str) -> Callable[[str], bool]:
    """Whether the file of a name, relative to the context, is left out; what fits a folder fits all in it."""
    lines = [line.strip() for line in text.splitlines()]
    rules = [(line.startswith("!"), _regex(line.lstrip("!"))) for line in lines if line and not line.startswith("#")]

    def decide(name: str) -> bool:
        kept = [back for back, pattern in rules if pattern.fullmatch(name)]
        return bool(kept) and not kept[-1]

    return decide


def _regex(pattern: str) -> re.Pattern[str]:
    tokens = TOKEN.findall(pattern.strip("/"))
    return re.compile("".join(WILDCARDS.get(token, re.escape(token)) for token in tokens) + "(?:/.*)?")
