"""Which tests go to one process: those that share servers, which are started once."""

from xdist.scheduler import LoadScopeScheduling

PLATFORM, CLUSTERS = "tests/local/", "tests/e2e/"


def scope(nodeid: str) -> str:
    """All tests on the platform are one, and each file of those on a cluster is; each other test is its own."""
    if nodeid.startswith(PLATFORM):
        return PLATFORM
    return nodeid.partition("::")[0] if nodeid.startswith(CLUSTERS) else nodeid


class ServersTogether(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Gives each process whole scopes."""

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)
