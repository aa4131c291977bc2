"""What the commands print for programs keeps to the schemas in docs/schemas."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from catalogue.components import CATALOGUE
from chatdb.cli import main
from chatdb.cli.chaos import chaos
from chatdb.drift.views import as_data as values_of_drift
from chatdb.images.verify import values
from chatdb.status.values import values as values_of_status
from tests.cli.outcomes import DRIFT, OUTCOME, STATUS, load_report, verified
from tests.command import invoke
from tests.repository import ROOT

SCHEMAS = {path.name: json.loads(path.read_text()) for path in sorted((ROOT / "docs/schemas").glob("*.json"))}
REGISTRY: Registry[Any] = Registry().with_resources(
    (name, Resource.from_contents(schema)) for name, schema in SCHEMAS.items()
)
"""A report is made of what other commands print: its schema names theirs."""
READING: dict[str, tuple[str, ...]] = {
    "capacity": ("-e", "minikube"),
    "check": ("--rule", "order"),
    "doctor": (),
    "explain": ("training-orchestrator",),
    "graph": (),
    "health": ("-e", "minikube"),
    "images": (),
    "plan": ("-e", "minikube", "--base", "HEAD"),
    "report": ("-e", "minikube", "--base", "HEAD"),
    "synth": ("--check",),
}
RUNNING: dict[str, Callable[[], dict[str, Any]]] = {
    "images-verify": lambda: values(*verified()),
    "load": lambda: {"users": 1, "seconds": 1, **load_report().values()},
    "drift": lambda: json.loads(json.dumps(values_of_drift(DRIFT))),
    "status": lambda: json.loads(json.dumps(values_of_status(STATUS))),
    "chaos-run": lambda: {"good": False, "outcomes": [asdict(OUTCOME)], "not_played": ["kill:kafka"]},
    "chaos-list": lambda: {"experiments": [{"id": "kill:kafka", "what": "SIGKILL", "expected": ["ml-engine"]}]},
}
"""Commands that run something for a while, each with a made-up outcome; tests that run it look at real ones."""
PRINTING = (*READING, *RUNNING)
WRITING = {
    *(
        "cleanup",
        "cluster",
        "completion",
        "deploy",
        "init",
        "local",
        "new-environment",
        "new-service",
        "promote",
        "release",
    ),
    *("remove-environment", "rollback"),
}
"""Commands that change something, run something, or print a script."""
VERSIONS = {"capacity": 2, "check": 2, "doctor": 2, "explain": 4, "graph": 3, "images": 2}
"""Of the schemas that have changed since the first."""
ANY = {"before", "after", "declared", "live"}
"""Values of fields of manifests, which may be of any type."""
NO_CLUSTER = {"KUBECONFIG": "/dev/null"}
"""The user's own is left alone."""


def version(name: str) -> str:
    """That of the command's present schema."""
    return f"v{VERSIONS.get(name, 1)}"


def validator(name: str) -> Draft202012Validator:
    """The validator of the command's present schema."""
    return Draft202012Validator(SCHEMAS[f"{name}.{version(name)}.json"], registry=REGISTRY)


@pytest.fixture(scope="module")
def outputs() -> dict[str, Any]:
    """What each command prints here, run once; whether all is well with this machine is not asked."""
    runner = CliRunner(env=NO_CLUSTER)
    printed = {n: json.loads(runner.invoke(main, [n, *more, "--json"]).stdout) for n, more in READING.items()}
    return printed | {
        name: {"schema": f"chatdb/{name}/{version(name)}", **outcome()} for name, outcome in RUNNING.items()
    }


def test_every_command_reads_or_writes() -> None:
    """A new command is in one of the lists, and whatever prints an outcome has --json."""
    commands = {name: one for name, one in main.commands.items() if name != "chaos"}
    commands |= {f"chaos-{name}": one for name, one in chaos.commands.items()}
    commands["images-verify"] = main.commands["images"]
    assert commands.keys() == {*PRINTING, *WRITING}
    options = {name: [o for p in commands[name].params for o in p.opts] for name in PRINTING}
    assert [name for name in PRINTING if "--json" not in options[name]] == []
    assert SCHEMAS.keys() == {f"{name}.{version(name)}.json" for name in PRINTING}


@pytest.mark.parametrize("name", PRINTING)
def test_output_keeps_to_its_schema(outputs: dict[str, Any], name: str) -> None:
    """The real output is valid, and says which schema that is."""
    assert outputs[name]["schema"] == f"chatdb/{name}/{version(name)}"
    assert [error.message for error in validator(name).iter_errors(outputs[name])] == []


@pytest.mark.parametrize("component", [component.name for component in CATALOGUE.components])
def test_explanations_keep_to_their_schema(component: str) -> None:
    """Also with no image, no Secret or no variable."""
    validator("explain").validate(json.loads(invoke("explain", component, "--json")))


@pytest.mark.parametrize("environment", ["minikube", "production"])
def test_environments_keep_to_the_schemas(environment: str) -> None:
    """Traits bring relations and components that the base has not, and one of which nothing is rendered."""
    graph = json.loads(invoke("graph", "-e", environment, "--json"))
    validator("graph").validate(graph)
    relations = {link["relation"] for link in graph["links"]}
    assert ({"peers", "manages"} <= relations) == (environment == "production")
    for component in graph["components"]:
        explanation = json.loads(invoke("explain", component["name"], "-e", environment, "--json"))
        validator("explain").validate(explanation)
        assert (explanation["construct"] is None) == (explanation["type"] == "external-credentials")
    for command in ("capacity", "images"):
        validator(command).validate(json.loads(invoke(command, "-e", environment, "--json")))


def test_findings_keep_to_their_schema(repository: Path) -> None:
    """Where something is wrong, the shape is the same and the exit code says it."""
    (repository / "dist/edge/ingress.k8s.yaml").write_text("edited")
    synth = json.loads(invoke("synth", "--check", "--json", code=1))
    validator("synth").validate(synth)
    assert synth["changed"] == ["dist/edge/ingress.k8s.yaml"]
    validator("synth").validate(json.loads(invoke("synth", "--json")))
    patch = repository / "overlays/minikube/processing/ml-engine.yaml"
    patch.write_text(patch.read_text().replace("350m", "950m"))
    report = json.loads(invoke("check", "--rule", "capacity", "--json", code=1))
    validator("check").validate(report)
    assert [finding["rule"] for finding in report["findings"]] == ["capacity"]


@pytest.mark.parametrize("name", ["capacity", "check", "synth"])
def test_wrong_input_prints_nothing_on_standard_output(repository: Path, name: str) -> None:
    """A program never reads half an answer: problems are on standard error."""
    (repository / "chatdb.yaml").write_text("repository: 1\n")
    result = CliRunner().invoke(main, [name, "--json"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "write something like repository: https" in result.stderr


def test_graph_has_one_json() -> None:
    """--json and --format json are the same."""
    assert invoke("graph", "--json") == invoke("graph", "--format", "json")


def maps(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside the value, the value too."""
    parts: list[Any] = []
    if isinstance(value, dict):
        yield value
        parts = list(value.values())
    elif isinstance(value, list):
        parts = value
    for part in parts:
        yield from maps(part)


def others(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The value with one property gone, renamed, added or of another type: each at each place."""
    for number, original in enumerate(maps(value)):
        for change in ("gone", "renamed", "added", "type"):
            for key in sorted(original):
                other = deepcopy(value)
                part = list(maps(other))[number]
                old = part.pop(key) if change in ("gone", "renamed") else part.get(key)
                if change in ("renamed", "added"):
                    part[f"new_{key}"] = old
                if change == "type":
                    part[key] = 1.5
                if change != "type" or key not in ANY:
                    yield other


def small(value: Any) -> Any:
    """The value with lists of two at most: enough to have every kind of object."""
    if isinstance(value, dict):
        return {key: small(part) for key, part in value.items()}
    return [small(part) for part in value[:2]] if isinstance(value, list) else value


@pytest.mark.parametrize("name", PRINTING)
def test_another_shape_is_another_version(outputs: dict[str, Any], name: str) -> None:
    """No property can come, go, change its name or its type without a new schema."""
    check = validator(name)
    changed = list(others(small(outputs[name])))
    assert len(changed) >= 8
    assert [other for other in changed if check.is_valid(other)] == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_strict(name: str) -> None:
    """Each is a schema, named by its file; every object in it lists all its properties and takes no others."""
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    command, number, _ = name.split(".")
    assert schema["properties"]["schema"] == {"const": f"chatdb/{command}/{number}"}
    for part in maps(schema):
        if part.get("type") == "object":
            assert part["additionalProperties"] is False
            assert sorted(part["required"]) == sorted(part["properties"])


def test_the_page_lists_every_schema() -> None:
    """docs/json.md leads to each."""
    page = (ROOT / "docs/json.md").read_text(encoding="utf-8")
    assert [name for name in SCHEMAS if f"(schemas/{name})" not in page] == []
