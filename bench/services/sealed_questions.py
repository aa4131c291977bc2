"""How the query-parser does on its sealed questions: its answers beside a person's, on a real PostgreSQL.

Runs with the services' own environment, and the query-parser's tests in PYTHONPATH. Prints one JSON object: how many
are right, wrong and refused, of each schema and of all, and which are wrong.
"""

import json
import secrets
import sys
from contextlib import ExitStack

import samples
from corpus_cases import SCHEMAS, cases
from outcomes import outcome

from chatdb.local.postgres import serve

KINDS = ("right", "wrong", "refused")


def measure() -> dict[str, object]:
    """Ask each question once, of a server that is made for it."""
    asked = cases("sealed", "answered")
    with serve(secrets.token_hex()) as server, ExitStack() as stack:
        samples.create(server)
        connections = {schema: stack.enter_context(samples.connect(server, schema)) for schema in SCHEMAS}
        seen = [outcome(case, connections[case.schema]) for case in asked]
    kinds = [(case.schema, said.split(":")[0]) for case, said in zip(asked, seen, strict=True)]
    return {
        "questions": len(asked),
        **{kind: sum(of == kind for _, of in kinds) for kind in KINDS},
        "schemas": {schema: {kind: kinds.count((schema, kind)) for kind in KINDS} for schema in SCHEMAS},
        "wrong_ones": [
            {"id": case.id, "ask": case.ask, "seen": said}
            for case, said in zip(asked, seen, strict=True)
            if said.startswith("wrong")
        ],
    }


if __name__ == "__main__":
    json.dump(measure(), sys.stdout, indent=2)
    print()
