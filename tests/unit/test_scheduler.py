"""Tests that share servers go to one process."""

from tests.scheduler import scope


def test_platform_is_one() -> None:
    """The platform is started once for all of its tests."""
    assert scope("tests/local/test_kills.py::test_a") == scope("tests/local/test_tour.py::test_b[x]")


def test_each_file_on_a_cluster_is_one() -> None:
    """Tests of a file follow each other on its cluster; those of another file may run beside them."""
    first, second, other = (
        f"tests/e2e/{name}" for name in ("test_a.py::test_1", "test_a.py::test_2[x]", "test_b.py::t")
    )
    assert scope(first) == scope(second) != scope(other)


def test_all_others_are_their_own() -> None:
    """What shares nothing is spread."""
    assert scope("tests/unit/test_a.py::test_1") != scope("tests/unit/test_a.py::test_2")
