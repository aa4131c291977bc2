"""The same platform at other addresses."""

from constructs_lib.resolve import relocated
from constructs_lib.resolved import Link
from tests.repository import PLATFORM


def elsewhere(link: Link) -> tuple[str, int] | None:
    """Everything on one host; the telemetry is not there."""
    return None if link.provider.name == "jaeger" else ("127.0.0.1", link.port.number + 10000)


def test_addresses() -> None:
    """Variables and Secrets name the new ones, and nothing is said of what is not there."""
    local = relocated(PLATFORM, elsewhere)
    told = local.component("model-registry").settings
    assert told["S3_ENDPOINT"] == "http://127.0.0.1:19000"
    assert not [name for name, value in told.items() if "jaeger" in value]
    (plan,) = [plan for plan in local.secrets if plan.component == "model-registry"]
    assert "@127.0.0.1:15432/" in plan.derived["DATABASE_URL"]


def test_all_else_is_the_same() -> None:
    """Who talks to whom, and in which order, does not depend on where."""
    local = relocated(PLATFORM, elsewhere)
    assert local.links == PLATFORM.links
    assert [one.after for one in local.components] == [one.after for one in PLATFORM.components]
    assert [one.policies for one in local.components] == [one.policies for one in PLATFORM.components]
