"""The questions of the corpus, and the schemas that they are about."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from query_parser.domain.schema import Schema
from query_parser.service_layer import default_schema

CORPUS = Path(__file__).with_name("corpus")
SCHEMAS = ("chatdb", "shop", "deliveries")


@dataclass(frozen=True)
class Case:
    """One question, and either the SQL that answers it or the reason why there is none."""

    part: str
    schema: str
    ask: str
    sql: str | None
    because: str | None
    id: str = ""
    # What another person may have meant: where it has another answer, that one is right, too.
    also: tuple[str, ...] = ()


def schema_of(name: str) -> Schema:
    """What the parser is told of the tables."""
    if name == "chatdb":
        return default_schema()
    return Schema.model_validate(yaml.safe_load((CORPUS / "schemas" / f"{name}.yaml").read_text()))


def cases(part: str, kind: str) -> list[Case]:
    """All questions of one part (sealed, held-out, tuned) and one kind (answered, refused)."""
    return [case for schema, file in files(part, kind).items() for case in _read(part, schema, file)]


def files(part: str, kind: str) -> dict[str, Path]:
    """Those that there are, by schema: not every part asks about every schema."""
    paths = {schema: CORPUS / part / kind / f"{schema}.yaml" for schema in SCHEMAS}
    return {schema: path for schema, path in paths.items() if path.exists()}


def _read(part: str, schema: str, file: Path) -> Iterator[Case]:
    for entry in yaml.safe_load(file.read_text()):
        also = tuple(entry.pop("also", ()))
        yield Case(part, schema, **{"sql": None, "because": None, **entry}, also=also)
