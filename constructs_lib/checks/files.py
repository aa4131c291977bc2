"""Configuration files inside ConfigMaps, each checked by its own tool."""

import ast
import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from constructs_lib.checks.model import Inputs
from constructs_lib.kustomize import tool
from constructs_lib.problem import Problem

SECONDS = 60
FIX = "correct the file in catalogue/files or constructs_lib/types/<type>/files, or what fills it in"


def valid(inputs: Inputs) -> Iterator[Problem]:
    """Every file by its name's ending; Prometheus' own by promtool."""
    for config_map in inputs.of("ConfigMap"):
        data = config_map.manifest.get("data") or {}
        for name, text in data.items():
            for message in _problems(inputs, name, text):
                yield Problem(f"{config_map.where}: {name}", message, FIX)


def _problems(inputs: Inputs, name: str, text: str) -> Iterator[str]:
    if name == "prometheus.yml":
        yield from _promtool(inputs, text, "config", "--syntax-only")
    elif name == "alerts.yml":
        yield from _promtool(inputs, text, "rules")
    else:
        parse = PARSERS.get(Path(name).suffix)
        try:
            complaint = parse(text) if parse else None
        except (MemoryError, RecursionError):
            # Not every parser has a word for it.
            complaint = "is nested too deeply to be read"
        if complaint:
            yield complaint


def _promtool(inputs: Inputs, text: str, *arguments: str) -> Iterator[str]:
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        yield from _run([tool(inputs.root, "promtool"), "check", *arguments, file.name])


def _run(command: list[str], text: str | None = None) -> Iterator[str]:
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode:
        yield (done.stderr or done.stdout).strip() or f"{command[0]} ended with {done.returncode} on it"


def _json(text: str) -> str | None:
    try:
        json.loads(text)
    except ValueError as error:
        return f"no JSON: {error}"
    return None


def _yaml(text: str) -> str | None:
    try:
        list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        return f"no YAML: {error}"
    return None


def _python(text: str) -> str | None:
    try:
        ast.parse(text)
    except SyntaxError as error:
        return f"no Python: {error}"
    return None


def _shell(text: str) -> str | None:
    return next(_run(["bash", "-n"], text), None)


def _sql(text: str) -> str | None:
    """PostgreSQL's own parser; psql's scripts with its own commands are not SQL, and are run by a test instead."""
    if any(mark in text for mark in ("\\", ":'", ':"')):
        return None
    try:
        from pglast import parse_sql
        from pglast.parser import ParseError
    except ImportError:
        return "pglast is not installed: run `make setup-test`"
    try:
        parse_sql(text)
    except ParseError as error:
        return f"no SQL: {error}"
    return None


PARSERS: dict[str, Callable[[str], str | None]] = {
    ".json": _json,
    ".yaml": _yaml,
    ".yml": _yaml,
    ".py": _python,
    ".sh": _shell,
    ".sql": _sql,
}
