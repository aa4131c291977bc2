"""Image references: `[domain[:port]/]path[:tag][@digest]`, as container runtimes and registries read them."""

import re
from dataclasses import dataclass

EXAMPLE = "write it like prom/prometheus or registry.example:5000/team/app"
LONGEST_REPOSITORY = 255
LATEST = "latest"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_TAG_AT_THE_END = re.compile(r":([^/:@]*)\Z")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"({_LABEL}([.]{_LABEL})*|\[[0-9a-f:]+\])(:(?P<port>[0-9]{{1,5}}))?")
_PART = re.compile(r"[a-z0-9]+((?:[._]|__|-+)[a-z0-9]+)*")
_HEX = re.compile(r"[0-9a-f]{64}")
_DIGITS = {"sha256": 64, "sha384": 96, "sha512": 128}
_LAST_PORT = 65535


class InvalidImage(ValueError):
    """Text that is not a valid part of an image reference: `what` is wrong, and the `fix`."""

    def __init__(self, what: str, fix: str = EXAMPLE) -> None:
        """The message is both."""
        self.what = what
        self.fix = fix
        super().__init__(f"{what}; {fix}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageReference:
    """A parsed reference; `domain` is the registry with its port, "" for the runtime's default registry."""

    domain: str
    path: str
    tag: str | None = None
    digest: str | None = None

    @property
    def repository(self) -> str:
        """The reference without tag and digest."""
        return f"{self.domain}/{self.path}" if self.domain else self.path

    @property
    def pinned(self) -> bool:
        """Whether it means the same image tomorrow: it has a digest or a tag, and the tag is not `latest`."""
        return self.tag != LATEST and bool(self.tag or self.digest)

    def __str__(self) -> str:
        """The reference as a container names it."""
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}" + (f"@{self.digest}" if self.digest else "")


def parse_image(text: str) -> ImageReference:
    """The parts of a reference as a container names it; InvalidImage where it is not one."""
    name, at, digest = text.partition("@")
    match = _TAG_AT_THE_END.search(name)
    repository = parse_repository(name[: match.start()] if match else name)
    return ImageReference(
        domain=repository.domain,
        path=repository.path,
        tag=parse_tag(match[1]) if match else None,
        digest=parse_digest(digest) if at else None,
    )


def parse_repository(text: str) -> ImageReference:
    """The parts of a repository, which has neither tag nor digest; InvalidImage where it is not one."""
    if not text:
        raise InvalidImage("the repository is empty")
    if scheme := _SCHEME.match(text):
        raise InvalidImage(f"repository {text!r} begins with {scheme[0]}", "remove the scheme")
    if "@" in text:
        raise InvalidImage(f"repository {text!r} contains a digest", "write one digest, and not in the repository")
    first, slash, rest = text.partition("/")
    domain, path = (first, rest) if slash and _is_domain(first) else ("", text)
    if ":" in path:
        raise InvalidImage(f"repository {text!r} contains a tag", "write one tag, and not in the repository")
    if domain:
        _check_domain(text, domain)
    for part in path.split("/"):
        _check_part(text, part)
    if len(text) > LONGEST_REPOSITORY:
        raise InvalidImage(f"repository {text!r} is too long", f"use at most {LONGEST_REPOSITORY} characters")
    if _HEX.fullmatch(text):
        raise InvalidImage(f"repository {text!r} reads as the id of an image", "choose another name")
    return ImageReference(domain=domain, path=path)


def is_registry(text: str) -> bool:
    """Whether it is `domain[:port][/path]`: an image's name behind it and a slash gives a repository of that registry.

    Without a dot or a port, runtimes would take its first part for a path of their default registry.
    """
    try:
        return bool(parse_repository(f"{text}/image").domain)
    except InvalidImage:
        return False


def parse_tag(text: str) -> str:
    """The tag itself; InvalidImage where it is not one."""
    if not _TAG.fullmatch(text):
        fix = "use 1 to 128 letters, digits, . _ and -, beginning with a letter, a digit or _"
        raise InvalidImage(f"{text!r} is not a valid tag", fix)
    return text


def parse_digest(text: str) -> str:
    """The digest itself; InvalidImage where it is not one."""
    algorithm, _, value = text.partition(":")
    digits = _DIGITS.get(algorithm)
    if not digits or not re.fullmatch(f"[0-9a-f]{{{digits}}}", value):
        fix = "write sha256: and 64 lower-case hexadecimal digits"
        raise InvalidImage(f"{text!r} is not a valid digest", fix)
    return text


def _is_domain(first: str) -> bool:
    """Whether the first part is a registry: by these marks runtimes tell it from a part of the path."""
    return first == "localhost" or any(mark in first for mark in ".:[")


def _check_domain(text: str, domain: str) -> None:
    match = _DOMAIN.fullmatch(domain)
    if not match:
        fix = "write a host in lower case, such as registry.example or registry.example:5000"
        raise InvalidImage(f"repository {text!r} names the registry {domain!r}, which is not valid", fix)
    if match["port"] and not 0 < int(match["port"]) <= _LAST_PORT:
        fix = f"choose a port from 1 to {_LAST_PORT}"
        raise InvalidImage(f"repository {text!r} names the port {match['port']} of its registry", fix)


def _check_part(text: str, part: str) -> None:
    if not part:
        raise InvalidImage(
            f"repository {text!r} has an empty part", "write one slash between two parts, none at the end"
        )
    if not _PART.fullmatch(part):
        fix = "use lower-case letters and digits, with one of . _ __ or dashes between them"
        raise InvalidImage(f"repository {text!r} has the part {part!r}, which is not valid", fix)
