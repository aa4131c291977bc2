"""The graph of a report: every component has its place, and every line leads from one to another."""

import re
from collections.abc import Iterator
from itertools import combinations, pairwise

import pytest

from catalogue.components import CATALOGUE
from chatdb.report.graph import edges, tiers
from chatdb.report.layout import HEIGHT, Layout, below, beside, path
from chatdb.repository import platform_of
from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.settings import read_settings
from tests.repository import PLATFORM, ROOT


@pytest.fixture(params=["minikube", "production"])
def platform(request: pytest.FixtureRequest) -> ResolvedPlatform:
    """That of an environment."""
    return platform_of(PLATFORM, read_settings(ROOT, CATALOGUE, request.param))


def layouts(platform: ResolvedPlatform) -> Iterator[Layout]:
    """Both pictures."""
    drawn = tiers(platform, edges(platform))
    yield beside(drawn)
    yield below(drawn)


def test_boxes_are_apart(platform: ResolvedPlatform) -> None:
    """Each component has one, inside of the picture, and no two touch."""
    for layout in layouts(platform):
        assert layout.boxes.keys() == {one.name for one in platform.components}
        for one, other in combinations(layout.boxes.values(), 2):
            assert abs(one.x - other.x) >= layout.box_width or abs(one.y - other.y) >= HEIGHT, (one, other)
        assert all(0 <= box.x <= layout.width - layout.box_width for box in layout.boxes.values())
        assert all(0 < box.y <= layout.height - HEIGHT for box in layout.boxes.values())


def test_lines_go_past_boxes(platform: ResolvedPlatform) -> None:
    """Where a line that is always there goes straight through a wave, no box is in its way."""
    layout, _ = layouts(platform)
    for way in layout.lanes.values():
        for x, y in way:
            column = [box for box in layout.boxes.values() if box.x == x]
            assert column
            assert [box for box in column if box.y <= y <= box.y + HEIGHT] == []
        assert [x for x, _ in way] == sorted({x for x, _ in way})


def test_every_dependency_is_a_line(platform: ResolvedPlatform) -> None:
    """Direct ones lead to all that a component starts after; those that follow are told apart."""
    drawn = edges(platform)
    ordered = {(one.provider, one.consumer) for one in drawn if one.kind != "traffic"}
    assert ordered == {(name, one.name) for one in platform.components for name in one.after}
    direct: dict[str, set[str]] = {}
    for edge in drawn:
        if edge.kind == "direct":
            direct.setdefault(edge.consumer, set()).add(edge.provider)
    for edge in drawn:
        if edge.kind == "implied":
            reached = set(direct[edge.consumer])
            while more := set().union(*(direct.get(name, set()) for name in reached)) - reached:
                reached |= more
            assert edge.provider in reached - direct[edge.consumer]
    assert {one.kind for one in drawn} == {"direct", "implied", "traffic"}


def test_paths_end_at_boxes(platform: ResolvedPlatform) -> None:
    """A line begins at the side of the provider, and ends at that of the consumer."""
    for layout in layouts(platform):
        for edge in edges(platform):
            numbers = [float(number) for number in re.findall(r"-?[\d.]+", path(layout, edge))]
            (x, y), end = numbers[:2], numbers[-2:]
            start, box = layout.boxes[edge.provider], layout.boxes[edge.consumer]
            assert y == pytest.approx(start.y + HEIGHT / 2, abs=1)
            assert x in (pytest.approx(start.x, abs=1), pytest.approx(start.x + layout.box_width, abs=1))
            assert end[0] in (pytest.approx(box.x, abs=1), pytest.approx(box.x + layout.box_width, abs=1))


def test_waves_are_in_order(platform: ResolvedPlatform) -> None:
    """Later waves are further to the right, or further down."""
    wide, narrow = layouts(platform)
    for one, other in pairwise(sorted(wide.labels, key=lambda label: label.wave)):
        assert one.x < other.x if one.wave < other.wave else one.x == other.x
    assert [label.wave for label in narrow.labels] == sorted(label.wave for label in narrow.labels)
