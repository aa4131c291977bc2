"""Each defect of a catalogue is named, with where and the fix; and all of them at once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalogue.components import CATALOGUE
from catalogue.tiers import Tier
from constructs_lib.defaults import env
from constructs_lib.gitops.synth import resolved
from constructs_lib.model import BucketAccess, Catalogue, Component, Dependency, Image, Port, Route
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolve.problems import problems

DATA = BucketAccess(bucket="datasets")


def changed(entry: str, **values: Any) -> Catalogue:
    """The catalogue with one entry changed."""
    components = tuple(replace(c, **values) if c.name == entry else c for c in CATALOGUE.components)
    return replace(CATALOGUE, components=components)


CASES: list[tuple[str, Callable[[], Catalogue], str]] = [
    ("twice", lambda: replace(CATALOGUE, components=(*CATALOGUE.components, CATALOGUE.components[0])), "2 times"),
    ("bad-name", lambda: changed("chaos", name="Chaos_Monkey"), "is no name of a Service"),
    ("long-name", lambda: changed("chaos", name="a" * 53), "is no name of a Service; use at most 52"),
    (
        "reserved-name",
        lambda: changed("chaos", name="namespaces"),
        "a file that no component has is named so",
    ),
    ("unknown-component", lambda: changed("chaos", needs=(Dependency("mysql", "sql"),)), "there is no component mysql"),
    (
        "unknown-port",
        lambda: changed("chaos", needs=(Dependency("kafka", "http"),)),
        "kafka has no port http; it has: kafka",
    ),
    ("after-external", lambda: changed("chaos", after=("dns",)), "comes after dns, which is not a component"),
    ("later-tier", lambda: changed("jaeger", after=("chaos",)), "comes after chaos of tier testing (wave 6)"),
    (
        "same-tier",
        lambda: changed("query-parser", needs=(Dependency("ml-engine", "http"),)),
        "needs ml-engine of tier proc",
    ),
    ("moved-too-early", lambda: changed("ml-engine", tier=Tier.CORE), "it is in tier core (wave 3) and"),
    ("variable-twice", lambda: changed("ml-engine", settings=env(S3_ENDPOINT="x")), "variable S3_ENDPOINT is"),
    ("unknown-image", lambda: changed("ml-engine", image="ml"), "image ml is not known"),
    ("unknown-topic", lambda: changed("ml-engine", consumes=env(T="jobs")), "topic jobs is not known"),
    ("unknown-metrics", lambda: changed("ml-engine", metrics="metrics"), "metrics are on port metrics"),
    ("route", lambda: changed("ml-engine", route=Route(path="/ml", strip="/api")), "does not begin with /api"),
    ("rewrites", lambda: changed("ml-engine", route=Route(path="/api-v1/ml", strip="/api-v1")), "in one Ingress with"),
    ("true", lambda: changed("ml-engine", replicas=True), "replicas is True; write a whole number"),
    ("topic", lambda: changed("ml-engine", needs=(Dependency("minio", "api"),)), "it names topics, but needs no kafka"),
    ("bucket", lambda: changed("ml-engine", buckets=(BucketAccess(bucket="data"),)), "bucket data is not known"),
    ("access", lambda: changed("ml-engine", buckets=()), "it depends on minio, and does not say which buckets it uses"),
    ("store", lambda: changed("query-parser", buckets=(DATA,)), "names buckets, but depends on no object store"),
    ("bucket-twice", lambda: changed("ml-engine", buckets=(DATA, DATA)), "it names bucket datasets 2 times; keep one"),
    ("job", lambda: changed("object-store-buckets", buckets=(DATA,)), "has buckets, which this type does not take"),
    ("secret", lambda: changed("postgres-schema", shared_secrets=env(P="kafka/P")), "which nobody generates"),
    ("port-number", lambda: changed("chaos", ports=(Port(name="a", number=70000),)), "70000 is no port"),
    ("port-name", lambda: changed("chaos", ports=(Port(name="a-very-long-port-name", number=1),)), "no name of a port"),
    (
        "port-twice",
        lambda: changed("chaos", ports=(Port(name="a", number=1), Port(name="b", number=1))),
        "port 1 is there 2 times",
    ),
    (
        "no-schema-job",
        lambda: replace(
            CATALOGUE,
            components=tuple(
                replace(c, after=tuple(a for a in c.after if a != "postgres-schema"))
                for c in CATALOGUE.components
                if c.name != "postgres-schema"
            ),
        ),
        "no component makes them",
    ),
]


def test_catalogue_is_valid() -> None:
    """The platform has no problem."""
    assert problems(CATALOGUE) == ()


@pytest.mark.parametrize(("make", "text"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_problem_is_named(make: Callable[[], Catalogue], text: str) -> None:
    """The message says what, and every message has a fix."""
    reported = problems(make())
    assert text in "\n".join(map(str, reported))
    assert all(problem.where and problem.fix for problem in reported)


def test_a_digest_pins_an_image_without_a_tag() -> None:
    """The reference is then the repository and the digest."""
    image = Image(repository="apache/kafka", digest=f"sha256:{'0f' * 32}")
    assert problems(replace(CATALOGUE, images={**CATALOGUE.images, "kafka": image})) == ()
    assert image.reference == f"apache/kafka@{image.digest}"


def test_a_problem_is_one_line() -> None:
    """Also where a tool's own words are several lines."""
    assert str(Problem("a.yaml", "no YAML:\n  line 1", "mend it")) == "a.yaml: no YAML: line 1; mend it"


def test_all_problems_at_once() -> None:
    """Two wrong entries give two messages."""
    components: tuple[Component, ...] = tuple(
        replace(c, after=("nowhere",)) if c.name in ("grafana", "jaeger") else c for c in CATALOGUE.components
    )
    assert len(problems(replace(CATALOGUE, components=components))) == 2


def test_settings_and_catalogue_at_once(tmp_path: Path) -> None:
    """A wrong settings file hides no problem of the catalogue."""
    (tmp_path / "chatdb.yaml").write_text("colour: red\n")
    with pytest.raises(InvalidInput, match=r"(?s)'colour' is not a known setting.*image ml is not known"):
        resolved(tmp_path, changed("ml-engine", image="ml"))
