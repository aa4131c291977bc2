"""What several entries have in common: the database, and the resources of Jobs."""

from constructs_lib.model import Resources
from constructs_lib.probe import Probe, Probes

DATABASE = "training_db"
JOB_RESOURCES = Resources(cpu="50m", memory="64Mi", cpu_limit="200m", memory_limit="128Mi")


def pg_isready() -> Probes:
    """Over TCP: while it initialises its data directory, the image runs a server on the socket alone.

    Liveness asks for the port alone: a server that recovers takes no queries, and a restart begins its recovery anew.
    """
    command = ("pg_isready", "-h", "127.0.0.1", "-U", "postgres", "-d", DATABASE)
    return Probes(
        liveness=Probe(port="postgres", period=15, timeout=5),
        readiness=Probe(command=command, period=5, timeout=5),
        startup=Probe(command=command, period=5, timeout=5, failures=60),
    )
