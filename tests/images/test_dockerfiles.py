"""The Dockerfiles keep to the rules, and each rule finds what it is for."""

import pytest
from dockerfile_rules import RULES, instructions, of
from repository import PLATFORM
from sandbox import ROOT

DOCKERFILES = {path.parent.name: path.read_text() for path in sorted((ROOT / "services").glob("*/Dockerfile"))}
EXAMPLE = DOCKERFILES["query-parser"]
MUTATIONS = {
    "instructions": ("EXPOSE 8002", "EXPOSE 8002\nHEALTHCHECK CMD python -m query_parser"),
    "pinned base (DL3006, DL3007)": ("python:3.13.9-slim", "python:latest"),
    "absolute targets (DL3000, DL3021)": ("query_parser /app/query_parser", "query_parser app/query_parser"),
    "stages by name (DL3022, DL3024)": ("--from=build /app", "--from=0 /app"),
    "nothing is installed in the image itself": ("USER ", "RUN python -m compileall /app\nUSER "),
    "nothing is fetched but by pip (DL3004, DL3008, DL4001)": (
        "RUN python -m venv",
        "RUN apt-get update && python -m venv",
    ),
    "pip by hash, no cache, no build (DL3013, DL3042)": ("--require-hashes", ""),
    "a user by number, not root (DL3002)": ("USER 10001:10001", "USER nobody"),
    "one start, without a shell (DL3025, DL4004)": (
        'ENTRYPOINT ["python", "-m", "query_parser"]',
        "ENTRYPOINT python -m a",
    ),
    "no secrets": ("PYTHONUNBUFFERED=1", "API_TOKEN=1"),
    "one port at most, that anybody may open (DL3011)": ("EXPOSE 8002", "EXPOSE 80"),
}


def broken(text: str) -> list[str]:
    """The rules that it does not keep to."""
    found = instructions(text)
    return [name for name, rule in RULES.items() if not rule(found)]


@pytest.mark.parametrize("name", DOCKERFILES)
def test_rules(name: str) -> None:
    """Every one."""
    assert broken(DOCKERFILES[name]) == []


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_finds_what_it_is_for(rule: str) -> None:
    """A change that it alone refuses."""
    old, new = MUTATIONS[rule]
    assert old in EXAMPLE
    assert broken(EXAMPLE.replace(old, new)) == [rule]


@pytest.mark.parametrize("name", DOCKERFILES)
def test_port_and_user_are_the_catalogues(name: str) -> None:
    """What the image says is what the pod is given; a Job has no port."""
    component = PLATFORM.component(name)
    found = instructions(DOCKERFILES[name])
    assert of(found, "EXPOSE") == [str(port.number) for port in component.ports]
    assert of(found, "USER") == [f"{component.uid}:{component.uid}"]
