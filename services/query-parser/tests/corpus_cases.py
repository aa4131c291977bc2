"""The questions of the corpus, and the schemas that they are about."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from query_parser.domain.schema import Schema
from query_parser.service_layer import default_schema

CORPUS = Path(__file__).with_name("corpus")
SCHEMAS = ("chatdb", "shop")


@dataclass(frozen=True)
class Case:
    """One question, and either the SQL that answers it or the reason why there is none."""

    part: str
    schema: str
    ask: str
    sql: str | None
    because: str | None


def schema_of(name: str) -> Schema:
    """What the parser is told of the tables."""
    if name == "chatdb":
        return default_schema()
    return Schema.model_validate(yaml.safe_load((CORPUS / "schemas" / f"{name}.yaml").read_text()))


def cases(part: str, kind: str) -> list[Case]:
    """All questions of one part (held-out, tuned) and one kind (answered, refused)."""
    selected = []
    for schema in SCHEMAS:
        file = CORPUS / part / kind / f"{schema}.yaml"
        for entry in yaml.safe_load(file.read_text()):
            selected.append(Case(part, schema, entry["ask"], entry.get("sql"), entry.get("because")))
    return selected
