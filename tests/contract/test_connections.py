"""The catalogue's connections of a service are those of its pool, read from the services' sources."""

import ast

import pytest

from catalogue.components import CATALOGUE
from tests.contract.sources import number, numbers
from tests.repository import ROOT

SHARED = ROOT / "services/common/chatdb_common/database.py"
OWNERS = [one.name for one in CATALOGUE.schema_owners]


def default_size() -> int:
    """Connections of a pool whose service names no size."""
    functions = [one for one in ast.parse(SHARED.read_text(encoding="utf-8")).body if isinstance(one, ast.FunctionDef)]
    (arguments,) = [one.args for one in functions if one.name == "open_pool"]
    defaults = dict(zip((one.arg for one in arguments.kwonlyargs), arguments.kw_defaults, strict=True))
    size = defaults["size"]
    assert size
    return number(size, {})


@pytest.mark.parametrize("name", OWNERS)
def test_pool_of_the_service(name: str) -> None:
    """A larger pool would take connections that `chatdb check` does not count."""
    sizes = []
    for path in (ROOT / "services" / name / name.replace("-", "_")).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("open_pool"):
                given = {one.arg: one.value for one in node.keywords}
                sizes.append(number(given["size"], numbers(path)) if "size" in given else default_size())
    schema = CATALOGUE.component(name).schema
    assert schema
    assert sum(sizes) == schema.connections, f"{name} opens {sizes}, components.py has {schema.connections}"
