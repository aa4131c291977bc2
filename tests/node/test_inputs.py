"""The tables of `make node-long` were measured on what is here."""

import re

import pytest

from tests.node.inputs import digest, meaning
from tests.node.long.stages import STAGES, Stage

NOT_RUN = "**Not run yet.**"
"""How a page says that a section has no figures."""
SECTIONS = [(name, stage) for stage in STAGES for name in stage.sections]


@pytest.mark.parametrize(("name", "stage"), SECTIONS, ids=[name for name, _ in SECTIONS])
def test_tables_are_of_what_is_here(name: str, stage: Stage) -> None:
    """What the environment and traits render, the services' images and the stand-ins are as they were then."""
    text = stage.page.read_text(encoding="utf-8")
    table = text.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->\n")[0]
    measured = re.findall(r"inputs `(\w+)`", table)
    if NOT_RUN in table:
        assert measured == []
        return
    assert measured == [digest(stage.traits)], f"run `make node-long`, and commit {stage.page.name}"


def test_order_of_keys_means_nothing() -> None:
    """The generator may write a trait otherwise; other values are other inputs."""
    patch = "patches:\n- patch: |\n    - op: add\n      path: /a\n      value: {}\n  target: {{kind: A, name: b}}\n"
    turned = "patches:\n- target: {{name: b, kind: A}}\n  patch: |\n    - value: {}\n      op: add\n      path: /a\n"
    assert meaning(patch.format(1)) == meaning(turned.format(1)) != meaning(turned.format(2))
