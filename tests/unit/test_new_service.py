"""A new service fits the catalogue and its files, or nothing is written."""

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from pglast import parse_sql

from catalogue.components import CATALOGUE
from catalogue.tiers import Tier
from chatdb.environments import new_files
from chatdb.new_service import edits
from chatdb.new_service.files import changes, write
from chatdb.new_service.request import Request, component_of, extended, next_port
from chatdb.new_service.texts import entry
from constructs_lib.model import Catalogue
from constructs_lib.problem import InvalidInput
from constructs_lib.resolve import resolve_draft
from constructs_lib.resolve.problems import problems
from constructs_lib.resolve.problems.places import IMAGES
from constructs_lib.settings import read_settings
from tests.repository import PLATFORM, ROOT, copy_repository, texts

LONG = "a" * 52
FREE = min(set(range(8005, 9000)) - {port.number for c in CATALOGUE.components for port in c.ports})
COMPONENTS = "catalogue/components.py"
EVERYTHING = ("kafka:kafka", "postgres:postgres", "minio:api", "model-registry:http", "training-orchestrator:http")


def complaints(request: Request, catalogue: Catalogue = CATALOGUE) -> list[str]:
    """Every problem of the request, one line each."""
    with pytest.raises(InvalidInput) as caught:
        component_of(catalogue, request)
    return [str(problem) for problem in caught.value.problems]


def test_defaults() -> None:
    """A service without needs: the next free port, tier processing, two pods, a route, metrics, no schema."""
    draft = component_of(CATALOGUE, Request(name="toy-shop"))
    assert draft.ports[0].number == FREE
    assert (draft.tier, draft.replicas, draft.metrics, draft.schema) == (Tier.PROCESSING, 2, "http", None)
    assert draft.route is not None
    assert draft.route.path == "/api/v1/toy-shop"
    assert (draft.needs, draft.after) == ((), ())
    assert problems(extended(CATALOGUE, draft)) == ()


def test_custom() -> None:
    """Tier, port and needs are as asked for; what prepares the needs comes before it."""
    draft = component_of(CATALOGUE, Request(name="a-b", tier="edge", port=9999, needs=EVERYTHING))
    assert (draft.tier, draft.ports[0].number, len(draft.needs)) == (Tier.EDGE, 9999, 5)
    after = resolve_draft(extended(CATALOGUE, draft)).component("a-b").after
    jobs = ("credentials", "kafka-topics", "object-store-buckets", "postgres-schema")
    assert after == tuple(sorted({*jobs, *(need.partition(":")[0] for need in EVERYTHING)}))
    assert draft.schema is not None
    assert (draft.schema.name, draft.schema.migrations) == ("a_b", "services/a-b/migrations")
    assert [(own.bucket, own.write) for own in draft.buckets] == [("datasets", False)]


def test_next_port_is_free() -> None:
    """It goes past what is taken."""
    taken = component_of(CATALOGUE, Request(name="toy-shop", port=FREE))
    assert next_port(CATALOGUE) == FREE < next_port(extended(CATALOGUE, taken))


def test_everything_wrong_at_once() -> None:
    """Name, tier, port and needs, each with its fix."""
    request = Request(name="Bill_ing", tier="attic", port=70000, needs=("kafka", "kafak:kafka", "kafka:web"))
    lines = complaints(request)
    for part in (
        "--tier attic: there is no such tier; use one of platform, ",
        "--needs kafka: is no NAME:PORT; ",
        "'Bill_ing' is no name of a Service; ",
        "repository 'chatdb/Bill_ing' has the part 'Bill_ing', which is not valid; ",
        "70000 is no port; ",
        "there is no component kafak; ",
        "kafka has no port web; it has: kafka",
    ):
        assert len([line for line in lines if part in line]) == 1, (part, lines)
    assert len(lines) == 7


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(name="kafka"), "NAME kafka: is the name of another component or image"),
        (Request(name="python"), "NAME python: is the name of another component or image"),
        (Request(name="ingress-controller"), "is the name of another component or image"),
        (Request(name="ml"), "route /api/v1/ml leads to ml and ml-engine"),
        (Request(name="registry", needs=("postgres:postgres",)), "2 components own the schema 'registry'"),
        (Request(name="migrations", needs=("postgres:postgres",)), "the schema 'migrations' is in use"),
        (Request(name="true"), "the name 'true' is not text to YAML"),
        (Request(name="no"), "the name 'no' is not text to YAML"),
        (Request(name="default"), "every namespace has a service account of that name"),
        (Request(name="class"), "NAME class: class is a keyword of Python; choose another name"),
        (Request(name="json"), "json is a module of Python's standard library"),
        (Request(name="test"), "test is a package that is there already"),
        (Request(name="yaml"), "yaml is a package that is there already"),
        (Request(name="chatdb"), "chatdb is a package that is there already"),
        (Request(name="chatdb-common"), "chatdb_common is a package that is there already"),
        (Request(name="annotated-types"), "annotated_types is a package that is there already"),
        (Request(name="toy-shop", port=8001), f"--port 8001: is test-service's; {FREE} is free"),
        (Request(name="toy-shop", port=0), "0 is no port"),
        (
            Request(name="toy-shop", tier="core", needs=("model-registry:http",)),
            "it is in tier core (wave 3) and needs",
        ),
        (
            Request(name="toy-shop", tier="testing"),
            "integration-tests: it is in tier testing (wave 6) and tests",
        ),
    ],
)
def test_what_cannot_be(request_: Request, message: str) -> None:
    """One thing wrong, one problem."""
    lines = complaints(request_)
    assert len([line for line in lines if message in line]) == len(lines) == 1, lines


@pytest.mark.parametrize("name", ["1st", "__main__", "", "a.b", "../x", "-", "pg-x", "A", "x" * 53])
def test_no_name_is_a_traceback(name: str) -> None:
    """Also one that is wrong in several ways."""
    lines = complaints(Request(name=name, needs=("postgres:postgres",)))
    assert any("is no name of a" in line for line in lines), lines


@pytest.mark.parametrize("name", ["x", "a" * 37, "a" * 45, LONG])
@pytest.mark.parametrize("count", [0, 1, 3, 5])
def test_entry_is_as_the_formatter_leaves_it(tmp_path: Path, name: str, count: int) -> None:
    """Short or long, every text is what ruff would make of it; and Python reads it."""
    request = Request(name=name, tier="edge", needs=EVERYTHING[:count])
    component = component_of(CATALOGUE, request)
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    text = edits.with_entry((ROOT / COMPONENTS).read_text(), component.tier, entry(component))
    (tmp_path / "components.py").write_text(text)
    files = changes(ROOT, CATALOGUE, request)
    (tmp_path / "images.py").write_text(files[IMAGES])
    (tmp_path / "test_it.py").write_text(files[f"tests/services/test_service_{component.role}.py"])
    for command in (["format", "--check", "--diff"], ["check", "--select", "E,W"]):
        done = subprocess.run(["ruff", *command, "."], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("tier", ["core", "processing", "edge"])
def test_entry_reads_as_the_component(tmp_path: Path, tier: str) -> None:
    """The catalogue that Python makes of the written files is the old one and that component, in its tier's group."""
    copy = copy_repository(tmp_path)
    request = Request(name="order", tier=tier, needs=EVERYTHING[:3])
    write(copy, changes(copy, CATALOGUE, request))
    script = "from catalogue.components import CATALOGUE as c; print((c.components, c.images['order']))"
    command, environment = [sys.executable, "-c", script], {"PYTHONPATH": str(copy)}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=True, timeout=60)
    component = component_of(CATALOGUE, request)
    components = list(CATALOGUE.components)
    last = max(number for number, other in enumerate(components) if other.tier is component.tier)
    components.insert(last + 1, component)
    assert done.stdout == f"{(tuple(components), extended(CATALOGUE, component).images['order'])!r}\n"


def test_first_migration_is_sql(tmp_path: Path) -> None:
    """Also where the name is a word of SQL; without postgres there is none."""
    files = changes(ROOT, CATALOGUE, Request(name="order", needs=("postgres:postgres",)))
    (statement,) = parse_sql(files["services/order/migrations/0001_schema.sql"])
    assert type(statement.stmt).__name__ == "CommentStmt"
    assert not any("migrations" in path for path in changes(ROOT, CATALOGUE, Request(name="order")))


def test_overlay_patch() -> None:
    """One pod, replaced in place, on the machine that is known to be small."""
    files = changes(ROOT, CATALOGUE, Request(name="toy-shop"))
    patch = yaml.safe_load(files["overlays/minikube/processing/toy-shop.yaml"])
    assert patch["spec"] == {"replicas": 1, "strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}}
    listed = yaml.safe_load(files["overlays/minikube/processing/kustomization.yaml"])["patches"]
    assert [patch["path"] for patch in listed][-1] == "toy-shop.yaml"
    assert {"path": "query-parser.yaml"} in listed


def test_patch_for_each_environment(tmp_path: Path) -> None:
    """Each that has one node gets a patch of its own, which its kustomization lists."""
    copy = copy_repository(tmp_path)
    write(copy, new_files(copy, PLATFORM, "staging", like=read_settings(copy, CATALOGUE), cluster=None))
    files = changes(copy, CATALOGUE, Request(name="toy-shop"))
    overlays = {path for path in files if path.startswith("overlays") and path.endswith("toy-shop.yaml")}
    assert overlays == {f"overlays/{name}/processing/toy-shop.yaml" for name in ("minikube", "staging")}
    lists = [files[f"overlays/{name}/processing/kustomization.yaml"] for name in ("minikube", "staging")]
    assert all("toy-shop.yaml" in text for text in lists)


def test_no_patch_for_several_nodes(tmp_path: Path) -> None:
    """There is room for the replicas of the base."""
    copy = copy_repository(tmp_path)
    settings = copy / "chatdb.yaml"
    nodes = "nodes: {count: 3, cpu: 8, memory: 32Gi, disk: 200G}"
    settings.write_text(settings.read_text().replace("machine: minikube", nodes))
    assert not any(path.startswith("overlays") for path in changes(copy, CATALOGUE, Request(name="toy-shop")))


def test_no_patch_for_a_machine_that_is_not_known(tmp_path: Path) -> None:
    """Nothing is said of environments whose size nobody has written down."""
    copy = copy_repository(tmp_path)
    settings = copy / "chatdb.yaml"
    settings.write_text(settings.read_text().replace("    machine: minikube\n", ""))
    assert not any(path.startswith("overlays") for path in changes(copy, CATALOGUE, Request(name="toy-shop")))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("resources:\n  - a\n", "resources:\n  - a\npatches:\n  - path: x.yaml\n"),
        ("patches:\n  - path: a.yaml\n", "patches:\n  - path: a.yaml\n  - path: x.yaml\n"),
        ("patches:\n- path: a.yaml\nimages:\n- b\n", "patches:\n- path: a.yaml\n- path: x.yaml\nimages:\n- b\n"),
        ("patches:\n  # a\n  - path: a.yaml\nb: 1", "patches:\n  # a\n  - path: a.yaml\n  - path: x.yaml\nb: 1\n"),
    ],
)  # fmt: skip
def test_patches_grow(before: str, after: str) -> None:
    """With and without patches before, and whatever comes after them."""
    assert edits.with_patch(before, "x.yaml") == after


def test_image_goes_above_the_comment_of_the_next() -> None:
    """A comment stays with its line; the first and the last place work, too."""
    text = (ROOT / IMAGES).read_text()
    for name in ("aaa", "nnn", "zzz"):
        grown = edits.with_image(text, name, f'        "{name}": ours("{name}"),\n')
        assert grown.replace(f'        "{name}": ours("{name}"),\n', "") == text
        (table,) = [node for node in ast.walk(ast.parse(grown)) if isinstance(node, ast.Dict)]
        keys = [ast.literal_eval(key) for key in table.keys if key]
        assert keys == sorted(keys)
    assert '"nnn": ours("nnn"),\n        # Stay on major 17' in edits.with_image(
        text, "nnn", '        "nnn": ours("nnn"),\n'
    )


@pytest.mark.parametrize(
    ("edit", "where"),
    [
        (lambda: edits.with_entry("CORE = ()\n", Tier.CORE, ""), "components.py: has no group CORE"),
        (lambda: edits.with_image("IMAGES = None\n", "x", ""), "images.py: has no table"),
    ],
)
def test_unreadable_files_are_advice(edit: object, where: str) -> None:
    """A file that was rearranged by hand is not guessed at."""
    assert callable(edit)
    with pytest.raises(InvalidInput, match=where):
        edit()


@pytest.mark.parametrize(
    "blocked",
    [
        "services/toy-shop",
        "tests/services/.test_service_toy_shop.py.new",
        "overlays/minikube/processing/.toy-shop.yaml.new",
    ],
)
def test_all_or_nothing(tmp_path: Path, blocked: str) -> None:
    """Where a file cannot be written, those before it are as they were, and no folder is left over."""
    copy = copy_repository(tmp_path)
    files = changes(copy, CATALOGUE, Request(name="toy-shop"))
    obstacle = copy / blocked
    if obstacle.suffix:
        obstacle.mkdir(parents=True)
    else:
        obstacle.write_text("a file where a folder has to be")
    before = {folder: texts(copy / folder) for folder in ("catalogue", "overlays")}
    folders = sorted(path for path in copy.rglob("*") if path.is_dir() and ".tools" not in path.parts)
    with pytest.raises(InvalidInput, match="nothing was changed"):
        write(copy, files)
    assert {folder: texts(copy / folder) for folder in before} == before
    assert sorted(path for path in copy.rglob("*") if path.is_dir() and ".tools" not in path.parts) == folders


def test_files_that_are_there_stay(tmp_path: Path) -> None:
    """Somebody's folder of that name is not written into."""
    copy = copy_repository(tmp_path)
    readme = copy / "services/toy-shop/README.md"
    readme.parent.mkdir()
    readme.write_text("mine")
    with pytest.raises(InvalidInput, match=r"services/toy-shop/README.md: is there already"):
        changes(copy, CATALOGUE, Request(name="toy-shop"))


def test_missing_overlay_is_advice(tmp_path: Path) -> None:
    """What has to be edited must be there."""
    copy = copy_repository(tmp_path)
    (copy / "overlays/minikube/processing/kustomization.yaml").unlink()
    with pytest.raises(InvalidInput, match="bring it back from git"):
        changes(copy, CATALOGUE, Request(name="toy-shop"))


def test_after_follows_the_catalogue() -> None:
    """The Jobs that prepare a need are found by what they need themselves, not by their names."""
    components = tuple(replace(c, name="topics") if c.name == "kafka-topics" else c for c in CATALOGUE.components)
    catalogue = replace(CATALOGUE, components=components)
    toy = component_of(catalogue, Request(name="toy-shop", needs=("kafka:kafka",)))
    assert resolve_draft(extended(catalogue, toy)).component("toy-shop").after == ("kafka", "topics")
