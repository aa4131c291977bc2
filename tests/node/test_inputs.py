"""The tables of docs/real-node.md were measured on what is here."""

import re

from tests.node.inputs import digest
from tests.node.long.stages import REAL_NODE, STAGES


def test_tables_are_of_what_is_here() -> None:
    """What the environment renders, the services' images and the stand-ins are as they were then."""
    measured = set(re.findall(r"inputs `(\w+)`", REAL_NODE.read_text(encoding="utf-8")))
    assert measured == {digest()}, "run `make node-long`, and commit docs/real-node.md"


def test_every_section_has_its_place() -> None:
    """What `make node-long` measures is written somewhere."""
    places = {name: stage.page.read_text(encoding="utf-8") for stage in STAGES for name in stage.sections}
    assert [name for name, text in places.items() if f"<!-- {name} -->\n" not in text] == []
