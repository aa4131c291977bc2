"""What a Dockerfile of ours has to be: hadolint's rules that matter here, and those that a restricted pod asks for."""

import json
import re
from collections.abc import Callable, Iterator

Instruction = tuple[str, str]
Rule = Callable[[list[Instruction]], bool]
KNOWN = ("ARG", "FROM", "COPY", "RUN", "ENV", "USER", "EXPOSE", "ENTRYPOINT")
"""Not ADD (it unpacks and downloads), HEALTHCHECK (Kubernetes ignores it), VOLUME, CMD, SHELL, ONBUILD, MAINTAINER."""
PINNED = re.compile(r"\S+:(?!latest\b)[\w.-]+")
SECRET = re.compile(r"(?i)(password|secret|token|_key)\w*=")
FETCHES = re.compile(r"\b(curl|wget|apt-get|apk|git|sudo|chmod 777)\b")


def instructions(text: str) -> list[Instruction]:
    """(name, arguments) of each instruction, without comments and line ends."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", " ").splitlines()
    return [(line.split()[0], " ".join(line.split()[1:])) for line in lines if line.strip()]


def of(found: list[Instruction], *names: str) -> list[str]:
    """The arguments of the instructions of that name."""
    return [arguments for name, arguments in found if name in names]


def last_stage(found: list[Instruction]) -> list[Instruction]:
    """What the image itself is made by."""
    begins = [number for number, (name, _) in enumerate(found) if name == "FROM"]
    return found[begins[-1] :]


def _bases(found: list[Instruction]) -> Iterator[str]:
    """Of each stage, with the ARG's default in place of its name."""
    defaults = {f"${{{name}}}": value for name, _, value in (text.partition("=") for text in of(found, "ARG"))}
    yield from (defaults.get(base, base) for base in (text.split()[0] for text in of(found, "FROM")))


def _start(found: list[Instruction]) -> list[str]:
    try:
        return list(map(str, json.loads(of(found, "ENTRYPOINT")[-1])))
    except (IndexError, ValueError):
        return []


RULES: dict[str, Rule] = {
    "instructions": lambda found: {name for name, _ in found} <= set(KNOWN),
    "pinned base (DL3006, DL3007)": lambda found: all(PINNED.fullmatch(base) for base in _bases(found)),
    "absolute targets (DL3000, DL3021)": lambda found: all(text.split()[-1][0] == "/" for text in of(found, "COPY")),
    "stages by name (DL3022, DL3024)": lambda found: (
        {text.partition("--from=")[2].split()[0] for text in of(found, "COPY") if "--from=" in text}
        == {text.split(" AS ")[1] for text in of(found, "FROM") if " AS " in text}
    ),
    "nothing is installed in the image itself": lambda found: not of(last_stage(found), "RUN"),
    "nothing is fetched but by pip (DL3004, DL3008, DL4001)": lambda found: (
        not FETCHES.search(" ".join(of(found, "RUN")))
    ),
    "pip by hash, no cache, no build (DL3013, DL3042)": lambda found: all(
        option in text
        for text in of(found, "RUN")
        for option in ("--no-cache-dir", "--require-hashes", "--no-deps", "--only-binary :all:")
        if " install " in text
    ),
    "a user by number, not root (DL3002)": lambda found: (
        re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", (of(last_stage(found), "USER") or [""])[-1]) is not None
    ),
    "one start, without a shell (DL3025, DL4004)": lambda found: (
        len(of(found, "ENTRYPOINT")) == 1 and _start(found)[:1] == ["python"]
    ),
    "no secrets": lambda found: not any(SECRET.search(text) for text in of(found, "ENV", "ARG")),
    "one port at most, that anybody may open (DL3011)": lambda found: (
        [1024 <= int(port) <= 65535 for port in of(found, "EXPOSE")] in ([], [True])
    ),
}
