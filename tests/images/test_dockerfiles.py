"""The Dockerfiles pass hadolint and the project's own rules, and each rule catches its violation."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator

import pytest

from constructs_lib.resolved import ResolvedComponent
from tests.images.sandbox import ROOT
from tests.repository import PLATFORM

Instruction = tuple[str, str]
ALLOWED = {"ARG", "FROM", "COPY", "RUN", "ENV", "USER", "EXPOSE", "ENTRYPOINT"}
"""Not HEALTHCHECK, which Kubernetes ignores, nor CMD, VOLUME, SHELL and ONBUILD."""
PIP_OPTIONS = {"--no-cache-dir", "--require-hashes", "--no-deps", "--only-binary :all:"}
DOCKERFILES = {path.parent.name: path.read_text() for path in sorted((ROOT / "services").glob("*/Dockerfile"))}
EXAMPLE = "query-parser"
START = 'ENTRYPOINT ["python", "-m", "query_parser"]'
SECONDS = 60


def instructions(text: str) -> list[Instruction]:
    """(name, arguments) of each instruction, without comments and line continuations."""
    lines = re.sub(r"(?m)^#.*\n", "", text).replace("\\\n", " ").splitlines()
    return [(line.split()[0], " ".join(line.split()[1:])) for line in lines if line.strip()]


def of(parsed: list[Instruction], name: str) -> list[str]:
    """The arguments of the instructions of that name."""
    return [arguments for one, arguments in parsed if one == name]


def of_image(parsed: list[Instruction]) -> list[Instruction]:
    """The instructions of the last stage."""
    return parsed[max(number for number, (name, _) in enumerate(parsed) if name == "FROM") :]


def commands(parsed: list[Instruction]) -> list[str]:
    """Each command that is run."""
    return [command.strip() for text in of(parsed, "RUN") for command in re.split(r"[;&|]+", text)]


OWN: dict[str, Callable[[list[Instruction], ResolvedComponent], bool]] = {
    "known instructions": lambda parsed, _: {name for name, _ in parsed} <= ALLOWED,
    "stages by name": lambda parsed, _: not any(re.search(r"--from=\d", text) for text in of(parsed, "COPY")),
    "no RUN in the image itself": lambda parsed, _: not of(of_image(parsed), "RUN"),
    "only Python is run": lambda parsed, _: all(one.startswith("python -m ") for one in commands(parsed)),
    "pip by hash, no cache, no build": lambda parsed, _: all(
        option in one for one in commands(parsed) if " install " in one for option in PIP_OPTIONS
    ),
    "the catalogue's user": lambda parsed, component: (
        of(of_image(parsed), "USER") == [f"{component.uid}:{component.uid}"]
    ),
    "the catalogue's port": lambda parsed, component: (
        of(parsed, "EXPOSE") == [str(port.number) for port in component.ports]
    ),
    "starts its package": lambda parsed, component: (
        [json.loads(text) for text in of(parsed, "ENTRYPOINT") if text.startswith("[")]
        == [["python", "-m", component.name.replace("-", "_")]]
    ),
}
"""What hadolint does not check; a Job has no port."""


def hadolint(text: str) -> Iterator[str]:
    """Its rules that are broken. It skips a base image that is an ARG: it gets the ARG's default instead."""
    for name, value in re.findall(r"(?m)^ARG (\w+)=(.*)$", text):
        text = text.replace(f"${{{name}}}", value)
    command = ["hadolint", "--format", "json", "--no-fail", "--disable-ignore-pragma", "-"]
    ran = subprocess.run(command, input=text, capture_output=True, text=True, timeout=SECONDS, check=True)
    yield from (one["code"] for one in json.loads(ran.stdout))


def violations(text: str, name: str) -> set[str]:
    """The rules that the Dockerfile of this component breaks."""
    parsed, component = instructions(text), PLATFORM.component(name)
    return {*hadolint(text), *(rule for rule, holds in OWN.items() if not holds(parsed, component))}


@pytest.mark.parametrize("name", DOCKERFILES)
def test_rules(name: str) -> None:
    """No rule is broken."""
    assert violations(DOCKERFILES[name], name) == set()


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        ("EXPOSE 8002", 'EXPOSE 8002\nHEALTHCHECK CMD ["true"]', {"known instructions"}),
        ("EXPOSE 8002", "EXPOSE 8002\nHEALTHCHECK CMD true", {"known instructions", "DL3025"}),
        ("COPY services/common", "ADD services/common", {"known instructions", "DL3020"}),
        ("python:3.13.9-slim", "python:latest", {"DL3007"}),
        ("python:3.13.9-slim", "python", {"DL3006"}),
        ("query_parser /app/query_parser", "query_parser app/query_parser", {"DL3045"}),
        ("--from=build /app", "--from=0 /app", {"stages by name"}),
        ("--from=build /app", "--from=bulid /app", {"DL3022"}),
        ("USER ", "RUN python -m compileall /app\nUSER ", {"no RUN in the image itself"}),
        ("RUN python -m venv", "RUN apt-get update && python -m venv", {"only Python is run"}),
        ("RUN python -m venv", "RUN curl -O http://a/b ; python -m venv", {"only Python is run"}),
        ("RUN python -m venv", "RUN sudo python -m venv", {"only Python is run", "DL3004"}),
        *((option, "", {"pip by hash, no cache, no build"}) for option in sorted(PIP_OPTIONS)),
        ("USER 10001:10001", "", {"the catalogue's user"}),
        ("USER 10001:10001", "USER nobody", {"the catalogue's user", "DL3066"}),
        ("USER 10001:10001", "USER 0:0", {"the catalogue's user", "DL3002"}),
        (START, "ENTRYPOINT python -m query_parser", {"starts its package", "DL3025"}),
        (START, f"{START}\n{START}", {"starts its package", "DL4004"}),
        (START, "", {"starts its package"}),
        ("PYTHONUNBUFFERED=1", "API_TOKEN=1", {"DL3064"}),
        ("EXPOSE 8002", "EXPOSE 80", {"the catalogue's port"}),
        ("EXPOSE 8002", "EXPOSE 8002\nEXPOSE 8003", {"the catalogue's port"}),
    ],
)
def test_each_rule_is_caught(old: str, new: str, broken: set[str]) -> None:
    """A change of a Dockerfile breaks these rules and no others."""
    text = DOCKERFILES[EXAMPLE]
    assert old in text
    assert violations(text.replace(old, new), EXAMPLE) == broken
