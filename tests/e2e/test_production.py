"""Production with its operator on a real Argo CD: the order from an empty cluster on, an update, and the uninstall."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from catalogue.tiers import Tier
from chatdb.cli import main
from tests.e2e.api import ApiError, Manifest
from tests.e2e.deployment import started
from tests.e2e.operator import CLUSTER
from tests.e2e.order import PREFIX, tier_of
from tests.e2e.production import PRODUCTION, Production
from tests.e2e.scenarios import draw, play
from tests.e2e.stack import search_path

SEED = 1
DRAWN = 2
CLAIMS = ("v1", "PersistentVolumeClaim", "chatdb-system")
DEFINED = 240
HELD = 20


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    """Nothing is installed yet."""
    with started(Production(tmp_path_factory.mktemp("production"))) as made:
        yield made


def test_first_install(platform: Production) -> None:
    """The operator comes first; while the Cluster is not healthy its tier is not either, and no later tier begins."""
    platform.operator.idle.set()
    platform.bootstrap(soon=True)
    platform.wait("the Cluster is applied", DEFINED, lambda: _clusters(platform))
    began = platform.version()
    with pytest.raises(TimeoutError):
        platform.wait("the tier is healthy", HELD, lambda: platform.status(Tier.FOUNDATION) == ("Synced", "Healthy"))
    assert not [event for event in platform.recorder.sorted() if tier_of(event.owner) is Tier.SETUP]
    platform.operator.idle.clear()
    seconds = platform.wait_settled()
    print(f"installed {seconds:.0f} s after the operator ran, {len(platform.recorder.events)} events")
    assert platform.violations() == []
    first = next(event for event in platform.recorder.sorted() if (event.owner or "").startswith(f"{PREFIX}operator-"))
    tiers = [event.version for event in platform.recorder.sorted() if tier_of(event.owner)]
    assert first.version < min(tiers) < began
    (cluster,) = _clusters(platform)
    assert cluster["status"]["readyInstances"] == cluster["spec"]["instances"] == 3


def _clusters(platform: Production) -> list[Manifest]:
    """The Clusters; none as long as the server does not know them."""
    try:
        return platform.api.list(*CLUSTER)
    except (ApiError, KeyError):
        return []


def test_update(platform: Production) -> None:
    """Instances roll with their tier, and no later tier changes before they have."""
    held = platform.release("Pins")
    platform.wait_released(held)
    outcome = play(platform, draw(SEED, "component never ready", PRODUCTION))
    print(f"{outcome.scenario}: whole after {outcome.recovery:.0f} s, {outcome.total:.0f} s in all")
    assert outcome.violations == []


def test_drawn(platform: Production) -> None:
    """A scenario that nobody chose; `make e2e-long` plays many more."""
    outcome = play(platform, draw(DRAWN, environment=PRODUCTION))
    assert outcome.violations == [], outcome.scenario


def test_uninstall_keeps_what_the_operator_has(platform: Production) -> None:
    """Applications go, the operator's too; the definitions, the Cluster and its data stay, and so does the operator."""
    api = platform.api
    before = {claim["metadata"]["uid"] for claim in api.list(*CLAIMS)}
    (cluster,) = _clusters(platform)
    environment = {"KUBECONFIG": str(platform.cluster.kubeconfig), "PATH": search_path()}
    done = CliRunner().invoke(main, ["cleanup", "--keep-data"], obj=platform.origin.work, env=environment)
    assert done.exit_code == 0, done.output
    assert platform.argo_cd.applications() == {}
    assert api.read(*CLUSTER, "chatdb-system", "postgres")["metadata"]["uid"] == cluster["metadata"]["uid"]
    assert {claim["metadata"]["uid"] for claim in api.list(*CLAIMS)} == before
    assert [one["status"]["readyReplicas"] for one in api.list("apps/v1", "Deployment", "cnpg-system")] == [1]
