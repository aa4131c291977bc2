"""How manifests are written: YAML that PyYAML and Kustomize read back as what was meant."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from constructs_lib.characters import lost
from constructs_lib.problem import InvalidInput, Problem

PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*(?::[A-Za-z0-9_./-]+)*|[0-9]+(?:m|[KMGT]i)")
"""Texts that need no quotes, unless they are words of another type."""
WORDS = re.compile(r"y|n|yes|no|true|false|on|off|null", re.IGNORECASE)
ODD = re.compile("[^\n\x20-\x7e\xa1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""Characters that some reader changes outside of double quotes."""
MERGE = "<<"
"""Kustomize takes this key for a merge, in quotes as well, and drops its value."""
LONGEST_KEY, ESCAPED = 1000, re.compile(r"[^ !#-%'-;=?-\[\]-~]")
"""Kustomize does not read a longer key back; what JSON escapes has six characters there."""
WIDTH = 2**30
"""No text is folded."""


class _Dumper(yaml.CSafeDumper):
    """Quotes whatever some reader of YAML 1.1 or 1.2 takes for another type."""

    def ignore_aliases(self, _data: Any) -> bool:
        """An object that is there twice is written twice."""
        return True


def _text(dumper: yaml.CSafeDumper, value: str) -> yaml.ScalarNode:
    style = "'"
    if PLAIN.fullmatch(value) and not WORDS.fullmatch(value):
        style = ""
    elif "\n" in value:
        style = "|" if _is_block(value) else '"'
    elif ODD.search(value):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style=style)


def _is_block(value: str) -> bool:
    """Whether the text is the same for every reader when it is written as indented lines."""
    lines = value.removesuffix("\n").split("\n")
    return (
        not ODD.search(value)
        and not lines[0].startswith(" ")
        and bool(lines[0] and lines[-1])
        and all(line == line.rstrip() for line in lines)
    )


_Dumper.add_representer(str, _text)
_Dumper.add_multi_representer(str, _text)


def dump(documents: Iterable[Any]) -> str:
    """YAML text of the documents; keys keep their order. InvalidInput where a text would not be read back."""
    every = list(documents)
    if wrong := [problem for document in every for problem in _problems(document, _name(document), ())]:
        raise InvalidInput(wrong)
    return str(yaml.dump_all(every, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH))


def _problems(value: Any, document: str, path: tuple[str, ...]) -> Iterator[Problem]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            here = (*path, ascii(key)[1:-1])
            where = f"{document}: {'.'.join(here)[:LONGEST_KEY]}"
            if key == MERGE:
                yield Problem(where, "the key << is lost by Kustomize", "choose another key")
            if len(ESCAPED.sub("_" * 6, str(key))) > LONGEST_KEY:
                yield Problem(where, "the key is too long for Kustomize", "choose a shorter key")
            yield from _problems(str(key), document, here)
            yield from _problems(part, document, here)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _problems(part, document, (*path, str(number)))
    elif isinstance(value, str) and (message := lost(value)):
        yield Problem(f"{document}: {'.'.join(path)}", message, "remove it")


def _name(document: Any) -> str:
    if not isinstance(document, Mapping):
        return "list"
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return ascii(f"{document.get('kind', 'document')} {name or ''}".strip())[1:-1]
