"""The reaper's patience: who could not be heard is not dead."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from training_orchestrator import entrypoints
from training_orchestrator.domain import Status
from training_orchestrator.entrypoints import Reaper


@dataclass
class Shop:
    """A database of a few lines, with one job whose lease is over."""

    is_down: bool = False
    kafka_is_down: bool = False
    looks: list[str] = field(default_factory=list)
    rung: int = 0

    @contextmanager
    def begin(self) -> Iterator[Any]:
        """A transaction."""
        if self.is_down:
            raise ConnectionError("down")
        yield self

    def check_kafka(self) -> None:
        """The other dependency."""
        if self.kafka_is_down:
            raise ConnectionError("down")

    def active(self) -> dict[Status, tuple[int, float]]:
        """One job that runs."""
        return {Status.RUNNING: (1, 1000.0)}

    def forget(self, _age: timedelta) -> int:
        """Noted."""
        self.looks.append("forget")
        return 0

    def wake(self) -> None:
        """Noted."""
        self.rung += 1


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Looking for expired jobs is noted."""
    shop = Shop()

    def noted(_work: Any) -> int:
        shop.looks.append("look")
        return 1

    monkeypatch.setattr(entrypoints, "return_expired", noted)
    monkeypatch.setattr(entrypoints, "REAP_SECONDS", 0.0)
    return shop


def test_waits_for_the_length_of_a_lease_after_its_start(shop: Shop) -> None:
    """Nobody is given up in the first half minute."""
    reaper = Reaper(shop.begin, shop, shop.check_kafka, lease=timedelta(hours=1))
    reaper.step()
    assert shop.looks == ["forget"]
    assert shop.rung == 0


def test_returned_jobs_are_sent_at_once(shop: Shop) -> None:
    """The relay is woken after the commit."""
    Reaper(shop.begin, shop, shop.check_kafka, lease=timedelta(0)).step()
    assert shop.looks == ["look", "forget"]
    assert shop.rung == 1


@pytest.mark.parametrize("dependency", ["is_down", "kafka_is_down"])
def test_outage_gives_the_lease_again(shop: Shop, dependency: str) -> None:
    """After an outage of the database, or of Kafka, workers get the whole length of a lease to be heard."""
    reaper = Reaper(shop.begin, shop, shop.check_kafka, lease=timedelta(hours=1))
    reaper._patient_until = 0.0
    reaper.step()
    assert shop.looks == ["look", "forget"]
    setattr(shop, dependency, True)
    with pytest.raises(ConnectionError):
        reaper.step()
    setattr(shop, dependency, False)
    reaper.step()
    assert shop.looks == ["look", "forget"]


def test_jobs_are_counted_while_kafka_is_down(shop: Shop) -> None:
    """That they wait is what an alert is to see."""
    shop.kafka_is_down = True
    with pytest.raises(ConnectionError):
        Reaper(shop.begin, shop, shop.check_kafka).step()
    assert REGISTRY.get_sample_value("training_jobs", {"status": "RUNNING"}) == 1
    assert REGISTRY.get_sample_value("training_jobs", {"status": "QUEUED"}) == 0
    assert REGISTRY.get_sample_value("training_jobs_oldest_timestamp_seconds", {"status": "RUNNING"}) == 1000
