"""The tables of docs/real-node.md were measured on what is here."""

import re

from tests.node.inputs import digest
from tests.node.long.sections import PAGE, STAGES


def test_tables_are_of_what_is_here() -> None:
    """What the environment renders, the services' images and the measurement itself are as they were then."""
    text = PAGE.read_text(encoding="utf-8")
    names = [name for stage in STAGES for name in stage.sections]
    sections = {name: re.findall(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.DOTALL) for name in names}
    inputs = {name: re.findall(r"inputs `(\w+)`", "".join(found)) for name, found in sections.items()}
    now = digest()
    old = sorted(name for name, found in inputs.items() if found != [now])
    assert old == [], f"measured on other inputs than {now}; run `make node-long` and commit docs/real-node.md"
