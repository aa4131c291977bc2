"""Services, broker and database die by SIGKILL while jobs are ordered: none is lost, and none has its effect twice."""

from random import Random

from chatdb.local.platform import Platform
from chatdb.local.processes import wait_for
from tests.local.kill_history import violations
from tests.local.kill_run import ANYWHERE, FAILPOINTS, recoveries, watched, working
from tests.local.kill_world import world

SEED = 1
SECONDS = 240


def test_nothing_is_lost(running: Platform) -> None:
    """One death at each failpoint, then PostgreSQL and Kafka together, while jobs are ordered all the time."""
    random = Random(SEED)
    with watched(running) as supervisor:
        with working(running, SEED) as clients:
            for name, places in FAILPOINTS.items():
                supervisor.plan(name, *(f"{place}:1" for place in random.sample(places, len(places))))
            wait_for("all failpoints are reached", SECONDS, supervisor.done)
            before = len(supervisor.blows)
            for name in ("postgres", "kafka"):
                supervisor.kill(name)
            wait_for("both are seen dead", SECONDS, lambda: len(supervisor.blows) == before + 2)
            wait_for("a job after all kills", SECONDS, lambda: clients.ended_after(supervisor.blows[-1].at))
        state = world(running)
    assert violations(clients.orders, state) == []
    killed = [(blow.server, blow.place) for blow in supervisor.blows]
    assert sorted(set(killed)) == sorted(
        {(name, place) for name, places in FAILPOINTS.items() for place in (*places, ANYWHERE)}
        | {("postgres", ANYWHERE), ("kafka", ANYWHERE)}
    )
    assert all(order.status for order in clients.orders)
    assert len(recoveries(supervisor.blows, clients.orders)) == len(killed)
