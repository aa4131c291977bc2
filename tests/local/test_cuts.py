"""Connections between services and what they need break, go silent and become slow, while jobs are ordered."""

from random import Random

from chatdb.local.fault_proxy import Fault, Proxies
from chatdb.local.platform import Platform
from chatdb.local.processes import wait_for
from tests.local.kill_history import violations
from tests.local.kill_run import recoveries, watched, working
from tests.local.kill_world import world

SEED = 1
GROUPS = 2
FAULT_SECONDS = 3.0
SECONDS = 240


def test_nothing_is_lost(running: Platform, proxies: Proxies) -> None:
    """Each way has each fault once, several at a time; all is as the clients were told, and nobody was started anew."""
    random = Random(SEED)
    pids = {name: running.parts[name].server.pid for name in running.parts}
    with watched(running) as supervisor:
        with working(running, SEED) as clients:
            for fault in random.sample(list(Fault), len(Fault)):
                drawn = random.sample(proxies.ways, len(proxies.ways))
                for ways in (drawn[start::GROUPS] for start in range(GROUPS)):
                    supervisor.befall(proxies, fault, ways, FAULT_SECONDS)
                    wait_for(f"a job after {fault}", SECONDS, lambda: clients.ended_after(supervisor.blows[-1].at))
        running.wait(SECONDS)
        state = world(running)
    assert violations(clients.orders, state) == []
    assert all(order.status for order in clients.orders)
    assert {name: running.parts[name].server.pid for name in running.parts} == pids
    assert len(recoveries(supervisor.blows, clients.orders)) == len(supervisor.blows) == len(Fault) * GROUPS
