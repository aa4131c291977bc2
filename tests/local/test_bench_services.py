"""The services' benchmark measures on real components; what it says of itself is tested in tests/bench."""

import pytest
from pods import pods
from uploads import BOTO3, OURS, uploads
from world import World, call

from chatdb.local.platform import Platform


def test_uploads_quickly(running: Platform) -> None:
    """Both ways to the object store take their turn for each size, and the service's memory is looked at."""
    measured = uploads(World(platform=running, quick=True))
    assert list(measured.results) == list(measured.memory) == [1, 32]
    for turns in measured.results.values():
        assert {name: len(taken) for name, taken in turns.items()} == {OURS: 1, BOTO3: 1}
        assert all(turn.rate > 0 for taken in turns.values() for turn in taken)
    assert min(measured.memory.values()) > 0


def test_second_pod_of_a_service(running: Platform) -> None:
    """It answers beside the platform's own, and is gone afterwards."""
    with pods(World(platform=running), "query-parser", 2) as (first, second):
        assert first.pid != second.pid
        answers = [call(f"http://{one.address}/health", "GET") for one in (first, second)]
    assert answers == [{"status": "ok"}] * 2
    assert call(f"http://{first.address}/health", "GET") == {"status": "ok"}
    with pytest.raises(OSError, match="refused"):
        call(f"http://{second.address}/health", "GET")
