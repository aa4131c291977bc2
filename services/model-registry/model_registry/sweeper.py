"""What belongs to nothing is removed."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

from prometheus_client import Counter

from chatdb_common.logs import get_logger
from chatdb_common.workers import Worker
from model_registry.adapters import PostgresWork
from model_registry.artifacts import Artifacts

SWEEP_SECONDS = 600.0
ORPHAN_AGE = timedelta(hours=1)
PENDING_AGE = timedelta(days=1)
Begin = Callable[[], AbstractContextManager[PostgresWork]]
SWEPT = Counter("model_artifacts_swept_total", "Artifacts that belonged to no version and were removed")
log = get_logger(__name__)


class Sweeper(Worker):
    """Removes artifacts that belong to no version, and versions whose artifact never came."""

    vital = False

    def __init__(self, begin_work: Begin, artifacts: Artifacts) -> None:
        """Looks at once, and then every ten minutes."""
        super().__init__("sweeper")
        self._begin = begin_work
        self._artifacts = artifacts

    def step(self) -> None:
        """One sweep, and the wait for the next."""
        swept = sweep(self._begin, self._artifacts, beat=self.beat)
        SWEPT.inc(swept)
        if swept:
            log.info("orphans are swept", objects=swept)
        self.rest(SWEEP_SECONDS)


def sweep(
    begin_work: Begin,
    artifacts: Artifacts,
    *,
    age: timedelta = ORPHAN_AGE,
    pending: timedelta = PENDING_AGE,
    beat: Callable[[], None] = lambda: None,
) -> int:
    """Remove what is older and belongs to nothing; how many objects. `beat` is called again and again meanwhile."""
    with begin_work() as work:
        work.forget(pending)
    removed = 0
    for keys in artifacts.pages(age):
        with begin_work() as work:
            known = work.known_keys(keys)
        for key in keys:
            beat()
            if key not in known:
                artifacts.delete(key)
                removed += 1
    beat()
    artifacts.abort_uploads(pending)
    return removed
