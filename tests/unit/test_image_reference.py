"""Image references are read as container runtimes and registries read them; all else is refused with a reason."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.image_reference import InvalidImage, parse_image, parse_repository

SHA256 = f"sha256:{'0f' * 32}"
VALID = {
    "postgres:17.7": ("", "postgres", "17.7", None),
    "prom/prometheus:v3.13.1": ("", "prom/prometheus", "v3.13.1", None),
    "postgres": ("", "postgres", None, None),
    f"postgres@{SHA256}": ("", "postgres", None, SHA256),
    f"postgres:17@{SHA256}": ("", "postgres", "17", SHA256),
    f"postgres@sha512:{'a' * 128}": ("", "postgres", None, f"sha512:{'a' * 128}"),
    "localhost/app:1": ("localhost", "app", "1", None),
    "localhost:5000": ("", "localhost", "5000", None),
    "registry:5000/team/app": ("registry:5000", "team/app", None, None),
    "registry.example:5000/team/app:1": ("registry.example:5000", "team/app", "1", None),
    "192.0.2.1:5000/app:1": ("192.0.2.1:5000", "app", "1", None),
    "[2001:db8::1]:5000/app:1": ("[2001:db8::1]:5000", "app", "1", None),
    "a__b/c---d/e.f_g:_x.Y-z": ("", "a__b/c---d/e.f_g", "_x.Y-z", None),
    f"a:{'1' * 128}": ("", "a", "1" * 128, None),
}
INVALID = {
    "": "the repository is empty",
    ":1": "the repository is empty",
    f"@{SHA256}": "the repository is empty",
    "foo:1:2": "repository 'foo:1' contains a tag",
    "https://example.org/foo:1": "begins with https://; remove the scheme",
    "docker://foo": "begins with docker://",
    "a//b:1": "repository 'a//b' has an empty part",
    "/a": "has an empty part",
    "a/": "repository 'a/' has an empty part",
    "a/:1": "has an empty part",
    "Apache/kafka:1": "has the part 'Apache', which is not valid; use lower-case",
    "apache/Kafka": "has the part 'Kafka'",
    ".a": "has the part '.a'",
    ".a/b": "names the registry '.a', which is not valid",
    "../b": "names the registry '..'",
    "a/../b": "has the part '..'",
    "a/.b": "has the part '.b'",
    "-a/b": "has the part '-a'",
    "a-": "has the part 'a-'",
    "a/b..c": "has the part 'b..c'",
    "a___b": "has the part 'a___b'",
    "a b": "has the part 'a b'",
    " a": "has the part ' a'",
    "a\n": "has the part 'a\\n'",
    "ä": "has the part 'ä'",
    "Registry.example/a": "names the registry 'Registry.example', which is not valid; write a host in lower case",
    "registry.example:0/a": "names the port 0",
    "registry.example:65536/a": "names the port 65536",
    "registry.example:port/a": "names the registry 'registry.example:port'",
    "registry..example/a": "names the registry",
    "a/b:1/c": "repository 'a/b:1/c' contains a tag",
    "a:": "'' is not a valid tag",
    "a:.1": "'.1' is not a valid tag",
    "a:1\n": "is not a valid tag",
    f"a:{'1' * 129}": "is not a valid tag; use 1 to 128",
    "a@": "'' is not a valid digest; write sha256:",
    "a@sha256:abc": "'sha256:abc' is not a valid digest",
    f"a@{SHA256.upper()}": "is not a valid digest",
    f"a@md5:{'0' * 32}": "is not a valid digest",
    f"a@{SHA256}@{SHA256}": "is not a valid digest",
    f"a@{SHA256}:1": "is not a valid digest",
    "0f" * 32: "reads as the id of an image",
    "a/" * 127 + "ab": "is too long",
}


@pytest.mark.parametrize(("text", "parts"), VALID.items(), ids=range(len(VALID)))
def test_valid(text: str, parts: tuple[str, str, str | None, str | None]) -> None:
    """The parts are what stands there, and give the same text again."""
    image = parse_image(text)
    assert (image.domain, image.path, image.tag, image.digest) == parts
    assert str(image) == text


@pytest.mark.parametrize(("text", "message"), INVALID.items(), ids=range(len(INVALID)))
def test_invalid(text: str, message: str) -> None:
    """The message says what is wrong, and how to write it instead."""
    with pytest.raises(InvalidImage) as caught:
        parse_image(text)
    assert message in str(caught.value)
    assert caught.value.what
    assert caught.value.fix


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("foo:1", "contains a tag"),
        ("registry.example:5000/foo:1", "contains a tag"),
        (f"foo@{SHA256}", "contains a digest"),
    ],
)
def test_repository_has_neither_tag_nor_digest(text: str, message: str) -> None:
    """They have fields of their own beside it."""
    with pytest.raises(InvalidImage, match=message):
        parse_repository(text)


@pytest.mark.parametrize(
    ("text", "pinned"),
    [("a:1", True), (f"a@{SHA256}", True), ("a", False), ("a:latest", False), (f"a:latest@{SHA256}", False)],
)
def test_pinned(text: str, pinned: bool) -> None:
    """A tag or a digest pins an image; `latest` says of no image which one it is."""
    assert parse_image(text).pinned is pinned


@given(st.text(alphabet=string.ascii_letters + "019./:@-_[ä\n", max_size=40))
def test_total(text: str) -> None:
    """Any text is read whole or refused."""
    try:
        image = parse_image(text)
    except InvalidImage:
        return
    assert str(image) == text
    assert parse_repository(image.repository).path == image.path
