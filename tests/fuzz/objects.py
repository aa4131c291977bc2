"""Objects that are valid by their kind's JSON schema: most optional fields are absent, the others hazardous."""

import ast
import functools
import json
import re
from datetime import datetime
from typing import Any

import jsonschema
from hypothesis import strategies as st

from tests.fuzz import values
from tests.fuzz.kinds import DEFINITIONS, Kind, Schema
from tests.repository import ROOT

MOST_OPTIONAL = 5
"""Optional fields of one object; fewer of what lies deeper."""
MOST_ITEMS = 3
DEEPEST = 11
"""Below it, required fields only: deep enough for the key of a Secret in a variable of a CronJob's container."""
PREFERENCE = 6
"""So many times more often than another is a field drawn that some rule names."""
SELDOM = 16
"""One of so many values is null where the schema allows it."""
Manifest = dict[str, Any]


@functools.cache
def named() -> frozenset[str]:
    """Every text in the generator's code: the names of the fields that rules read are among them."""
    files = sorted((ROOT / "constructs_lib").rglob("*.py"))
    nodes = (node for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


FORMATS = jsonschema.FormatChecker(formats=())
TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def is_time(value: object) -> bool:
    """By RFC 3339, as kubeconform and the API server read it; it is the one format of the schemas that they check."""
    return not isinstance(value, str) or bool(TIME.fullmatch(value) and datetime.fromisoformat(value.upper()))


FORMATS.checks("date-time", raises=ValueError)(is_time)


def objects(kind: Kind) -> st.SearchStrategy[Manifest]:
    """Objects of the kind; its schema allows them, and Kustomize builds them."""
    return _objects(kind).filter(validator(kind).is_valid)


def validator(kind: Kind) -> jsonschema.Draft202012Validator:
    """Says whether an object is valid by the kind's schema."""
    return jsonschema.Draft202012Validator(kind.schema, format_checker=FORMATS)


@st.composite
def _objects(draw: st.DrawFn, kind: Kind) -> Manifest:
    schema = kind.schema
    manifest = _Values(draw, schema.get("$defs", {})).mapping(schema, "", 0)
    metadata = manifest.get("metadata") or {}
    metadata["name"] = draw(st.sampled_from(values.NAMES).filter(bool))
    if draw(st.integers(0, 3)):
        metadata["namespace"] = draw(st.sampled_from(values.BY_NAME["namespace"]))
    if draw(st.booleans()):
        metadata["labels"] = {**(metadata.get("labels") or {}), "app": draw(st.sampled_from(values.BY_NAME["app"]))}
    return {**manifest, "apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata}


class _Values:
    """Draws values of the parts of a schema."""

    def __init__(self, draw: st.DrawFn, definitions: dict[str, Schema]) -> None:
        """`definitions` is what the schema's references name."""
        self.draw = draw
        self.definitions = definitions

    def value(self, schema: Schema, name: str, depth: int) -> Any:
        """A value for the field `name`, which lies so deep."""
        reference = schema.get("$ref")
        schema = self.definitions[reference.removeprefix(DEFINITIONS)] if reference else schema
        types = _types(schema)
        if "null" in types and not self.mostly():
            return None
        if "enum" in schema:
            return self.draw(st.sampled_from(schema["enum"]))
        type_ = next((one for one in types if one != "null"), None)
        if type_ == "object":
            return self.mapping(schema, name, depth)
        if type_ == "array":
            return self.array(schema, name, depth)
        return self.draw(_scalars(schema, type_, name))

    def mostly(self) -> bool:
        """True, but for one of SELDOM times."""
        return self.draw(st.integers(0, SELDOM - 1)) < SELDOM - 1

    def mapping(self, schema: Schema, name: str, depth: int) -> dict[str, Any]:
        """Required fields and some others; or a map of texts to values."""
        properties: dict[str, Schema] = schema.get("properties") or {}
        if properties:
            chosen = dict.fromkeys((*self.required(schema), *self.optional(properties, depth)))
            return {field: self.value(properties[field], field, depth + 1) for field in chosen}
        more = schema.get("additionalProperties", {})
        if more is False:
            return {}
        keys = self.draw(
            st.lists(st.sampled_from(values.MAP_KEYS.get(name, values.KEYS)), max_size=MOST_ITEMS, unique=True)
        )
        return {key: self.value(more, key if key in values.BY_NAME else name, depth + 1) for key in keys}

    def required(self, schema: Schema) -> list[str]:
        """Its own required fields, and those of one of its alternatives."""
        alternatives = [alternative["required"] for alternative in _alternatives(schema) if "required" in alternative]
        one = self.draw(st.sampled_from(alternatives)) if alternatives else []
        return [*schema.get("required", ()), *one]

    def optional(self, properties: dict[str, Schema], depth: int) -> list[str]:
        """What the object is for, nearly always, and some other fields, rather those that some rule names."""
        if depth >= DEEPEST:
            return []
        backbone = [field for field, part in properties.items() if _is_backbone(part) and self.mostly()]
        weighted = [field for field in properties for _ in range(PREFERENCE if field in named() else 1)]
        most = max(2, MOST_OPTIONAL - depth // 3)
        return backbone + self.draw(st.lists(st.sampled_from(weighted), max_size=most, unique=True))

    def array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        """A few elements."""
        least = schema.get("minItems", 0)
        most = max(least, min(MOST_ITEMS, schema.get("maxItems", MOST_ITEMS)))
        number = self.draw(st.integers(least, most))
        return [self.value(schema.get("items", {}), name, depth + 1) for _ in range(number)]


def _types(schema: Schema) -> list[str]:
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else list(types)


def _alternatives(schema: Schema) -> list[Schema]:
    return [*schema.get("oneOf", ()), *schema.get("anyOf", ())]


def _is_backbone(schema: Schema) -> bool:
    """Whether the field is a spec or a template."""
    reference: str = schema.get("$ref", "")
    return reference.endswith("Spec")


_KEYS = st.sampled_from(values.KEYS)
ANY_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.sampled_from((*values.NUMBERS, *values.WORDS)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_KEYS, inner, max_size=2),
    max_leaves=4,
)
"""Whatever JSON can hold."""


def _scalars(schema: Schema, type_: str | None, name: str) -> st.SearchStrategy[Any]:
    """Values of what is neither a mapping nor a list."""
    if type_ == "integer":
        return _integers(schema)
    if type_ == "string":
        return _texts(schema, name)
    if type_ == "number":
        return st.sampled_from((*values.INTEGERS, *values.FLOATS))
    return st.booleans() if type_ == "boolean" else _of_no_type(schema)


def _of_no_type(schema: Schema) -> st.SearchStrategy[Any]:
    """A quantity, a number or a text, or anything at all: as far as the alternatives allow."""
    alternatives = {type_ for part in _alternatives(schema) for type_ in _types(part)}
    if not alternatives and not schema.get("x-kubernetes-int-or-string"):
        return ANY_JSON
    return _allowed(json.dumps(schema), values.QUANTITIES if "number" in alternatives else values.INT_OR_STRING)


@functools.cache
def _allowed(schema: str, choices: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    """Those of the values that the schema, as JSON, allows."""
    validator_ = jsonschema.Draft202012Validator(json.loads(schema))
    return st.sampled_from([value for value in choices if validator_.is_valid(value)])


def _integers(schema: Schema) -> st.SearchStrategy[int]:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None and most is None:
        return st.sampled_from((*values.INTEGERS, *(values.LARGE if schema.get("format") == "int64" else ())))
    low, high = -values.MOST if least is None else least, values.MOST if most is None else most
    return st.sampled_from((low, high)) | st.integers(low, high)


def _texts(schema: Schema, name: str) -> st.SearchStrategy[str]:
    if schema.get("format") == "date-time":
        return st.sampled_from(("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000001+02:00"))
    if schema.get("format") == "byte":
        return st.sampled_from(("", "YQ==", "/w=="))
    texts = values.BY_NAME.get(name, values.WORDS)
    if schema.keys().isdisjoint(("pattern", "minLength", "maxLength")):
        return st.sampled_from(texts)
    return _fitting(texts, schema.get("pattern", ""), schema.get("minLength", 0), schema.get("maxLength", 2**20))


@functools.cache
def _fitting(texts: tuple[str, ...], pattern: str, least: int, most: int) -> st.SearchStrategy[str]:
    """Those of the texts that fit; where none does, what the pattern generates."""
    more = (*texts, *values.NAMES, *values.WORDS)
    fitting = [text for text in more if re.search(pattern, text) and least <= len(text) <= most]
    generated = st.from_regex(pattern, fullmatch=True).filter(lambda text: least <= len(text) <= most)
    return st.sampled_from(fitting) if fitting else generated
