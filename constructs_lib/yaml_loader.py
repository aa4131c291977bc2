"""Scalars of YAML as go-yaml reads them, so that a manifest says here what it says to Kustomize and Kubernetes.

`y` and `on` are texts, `1e3` and `0o17` are numbers, a date is a text. PyYAML's own readers follow YAML 1.1, where each
of them is something else.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import yaml

NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
WHOLE = re.compile(
    r"([-+]?)(?:0[xX](?P<b16>[0-9a-fA-F]+)|0[oO]?(?P<b8>[0-7]+)|0[bB](?P<b2>[01]+)|(?P<b10>0|[1-9][0-9]*))"
)
BASES = ("b10", "b8", "b16", "b2")
LEAST, MOST = -(2**63), 2**64 - 1
"""A whole number beyond these is one with a fraction for Go."""
LONGEST_NUMBER = 400
"""Digits: Python refuses to read thousands of them, and Go gives up long before."""
WORDS = (
    dict.fromkeys(("", "~", "null", "Null", "NULL"), "null")
    | dict.fromkeys(("true", "True", "TRUE", "false", "False", "FALSE"), "bool")
    | dict.fromkeys((".nan", ".NaN", ".NAN"), "float")
    | dict.fromkeys((sign + word for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")), "float")
    | {"<<": "merge"}
)
TAG = "tag:yaml.org,2002:"


def number(text: str) -> int | float | None:
    """The number that a plain scalar is for Go; None where it is a text."""
    if text in WORDS:
        return float(text.replace(".", "").lower()) if WORDS[text] == "float" else None
    digits = text.replace("_", "")
    if not text or text[0] not in "+-.0123456789" or len(digits) > LONGEST_NUMBER:
        return None
    if whole := WHOLE.fullmatch(digits):
        value = next(int(whole[1] + whole[base], int(base[1:])) for base in BASES if whole[base])
        return value if LEAST <= value <= MOST else _float(digits)
    return _float(digits)


def _float(digits: str) -> float | None:
    value = float(digits) if NUMBER.fullmatch(digits) else None
    return None if value in (float("inf"), float("-inf")) else value


@lru_cache(maxsize=2**14)
def _tag(text: str) -> str:
    if text in WORDS:
        return TAG + WORDS[text]
    value = number(text)
    return TAG + ("str" if value is None else "int" if isinstance(value, int) else "float")


class _Refused(yaml.constructor.ConstructorError):
    """What a node says is not taken."""

    def __init__(self, problem: str, node: yaml.Node) -> None:
        """The line is the node's."""
        super().__init__(None, None, problem, node.start_mark)


class Loader(yaml.CSafeLoader):
    """What kustomize writes, and what it reads; a key that is there twice is an error."""

    yaml_constructors = {}  # noqa: RUF012 (PyYAML's way to say what a class constructs)

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """The tag of a node that has none of its own."""
        if kind is yaml.ScalarNode:
            return _tag(value) if implicit[0] else f"{TAG}str"
        return f"{TAG}seq" if kind is yaml.SequenceNode else f"{TAG}map"

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """As PyYAML does; of two values of a key it would take the last one, without a word."""
        keys = [key for key, _ in node.value]
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        # With a merge key there are others, which these may replace.
        if len(mapping) != len(keys):
            seen = set()
            for key in (key for key in keys if key.tag != f"{TAG}merge"):
                value = self.construct_object(key, deep=True)
                if value in seen:
                    raise _Refused(f'duplicate key "{key.value}"', key)
                seen.add(value)
        return mapping

    def sequence(self, node: yaml.Node) -> Iterator[list[Any]]:
        """A list, filled later: it may have itself among its items."""
        if not isinstance(node, yaml.SequenceNode):
            raise _Refused("does not fit its tag", node)
        return self.construct_yaml_seq(node)

    def mapping(self, node: yaml.Node) -> Iterator[dict[Any, Any]]:
        """A mapping, filled later as well."""
        if not isinstance(node, yaml.MappingNode):
            raise _Refused("does not fit its tag", node)
        return self.construct_yaml_map(node)

    def text(self, node: yaml.ScalarNode) -> str:
        """A text, also for what is a date or a binary elsewhere, and for `<<` and `=` where they are values."""
        return str(self.construct_scalar(node))

    def null(self, _node: yaml.Node) -> None:
        """Nothing."""

    def truth(self, node: yaml.ScalarNode) -> Any:
        """True or False; ConstructorError for another text that has the tag."""
        words = {"true": True, "false": False}
        return self._typed(node, words.get(self.text(node).lower()))

    def amount(self, node: yaml.ScalarNode) -> Any:
        """A number; ConstructorError for another text that has the tag."""
        return self._typed(node, number(self.text(node)))

    def _typed(self, node: yaml.ScalarNode, value: Any) -> Any:
        if value is None:
            raise _Refused("does not fit its tag", node)
        return value

    def unknown(self, node: yaml.Node) -> Any:
        """Refuse a tag that Kubernetes does not know."""
        raise _Refused(f"unknown tag {node.tag}", node)


for _name, _construct in {
    "str": Loader.text,
    "merge": Loader.text,
    "timestamp": Loader.text,
    "null": Loader.null,
    "bool": Loader.truth,
    "int": Loader.amount,
    "float": Loader.amount,
    "seq": Loader.sequence,
    "map": Loader.mapping,
}.items():
    Loader.add_constructor(f"{TAG}{_name}", _construct)
Loader.add_constructor(None, Loader.unknown)


def load_all(text: str) -> list[Any]:
    """The documents of a file that a program has written, without those that are empty."""
    return [document for document in yaml.load_all(text, Loader=Loader) if document]
