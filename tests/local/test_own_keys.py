"""The trait object-store-versitygw as processes: the services do their work, each with a key of its own."""

from collections.abc import Iterator

import pytest

from chatdb.local.platform import Platform, platform
from chatdb.local.processes import wait_for
from constructs_lib.resolve import varied
from tests.local.clients import ask, smoke_run
from tests.repository import PLATFORM, ROOT

SECONDS = 180


@pytest.fixture(scope="module")
def own(kafka_installed: None) -> Iterator[Platform]:
    """All components, in the order of the graph: the Job makes the accounts before anybody has to have one."""
    with platform(varied(PLATFORM, ["object-store-versitygw"]), ROOT) as made:
        made.start_in_order()
        yield made


def test_keys_are_different_ones(own: Platform) -> None:
    """Each of both services has one, which is not the root's."""
    names = ("minio", "model-registry", "ml-engine")
    told = {name: own.site.told(own.parts[name].component) for name in names}
    assert told["ml-engine"]["AWS_ACCESS_KEY_ID"] == "ml_engine"
    secrets = {told["minio"]["ROOT_SECRET_KEY"], *(told[name]["AWS_SECRET_ACCESS_KEY"] for name in names[1:])}
    assert len(secrets) == len(names)


def test_users_journey(own: Platform) -> None:
    """From a data set to a model and its predictions; each service finds its bucket."""
    run = smoke_run(own)
    assert run["status"] == "passed", run
    for name in ("model-registry", "ml-engine"):
        assert ask(f"{own.url(name)}/ready")[1]["checks"]["object store"]["ok"], name


def test_data_set_of_another_bucket(own: Platform) -> None:
    """Nobody reads models as data by a job: it ends, and says what docs/traits.md does."""
    url = own.url("training-orchestrator")
    order = {"model_name": "thief", "dataset_location": "s3://model-artifacts/somebodys/model.csv"}
    _, job, headers = ask(f"{url}/jobs", order)

    def over() -> bool:
        job.update(ask(f"{url}/{headers['Location']}")[1])
        return job["status"] in ("SUCCEEDED", "FAILED", "CANCELLED")

    wait_for("the job has ended", SECONDS, over)
    assert (job["status"], job["error"]) == ("FAILED", "training failed: AccessDenied")
