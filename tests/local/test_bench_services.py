"""The services' benchmark measures on real components; what it says of itself is tested in tests/bench."""

from uploads import BOTO3, OURS, uploads
from world import World

from chatdb.local.platform import Platform


def test_uploads_quickly(running: Platform) -> None:
    """Both ways to the object store take their turn for each size, and the service's memory is looked at."""
    measured = uploads(World(platform=running, quick=True))
    assert list(measured.results) == list(measured.memory) == [1, 32]
    for turns in measured.results.values():
        assert {name: len(taken) for name, taken in turns.items()} == {OURS: 1, BOTO3: 1}
        assert all(turn.rate > 0 for taken in turns.values() for turn in taken)
    assert min(measured.memory.values()) > 0
