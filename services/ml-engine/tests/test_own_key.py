"""ml-engine with a key of its own: it parses what nobody vouches for, and may read data sets and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from object_store_server import StoreSettings

from chatdb_common import object_store
from ml_engine import datasets

ROOMY = datasets.Limits(room=2**40)


@pytest.fixture(scope="module")
def client(own_key: Callable[[str], StoreSettings]) -> Any:
    """As the service has it."""
    return object_store.connect(own_key("ml-engine"))


def test_data_sets_are_read(client: Any) -> None:
    """The sample of the Job, and one that is not there; readiness asks for the other bucket."""
    assert datasets.read(client, "s3://test/data.csv", ROOMY).rows == 60
    with pytest.raises(datasets.BadData, match="there is no data set at"):
        datasets.read(client, "s3://datasets/none.csv", ROOMY)
    object_store.check(client, "datasets")


def test_models_are_closed(client: Any) -> None:
    """They come from model-registry; nothing is written anywhere, and a location of another bucket is refused."""
    for ask in (
        lambda: datasets.read(client, "s3://model-artifacts/model/1/key", ROOMY),
        lambda: client.list_objects_v2(Bucket="model-artifacts"),
        lambda: client.put_object(Bucket="model-artifacts", Key="made", Body=b""),
        lambda: client.put_object(Bucket="datasets", Key="made", Body=b""),
        lambda: client.delete_object(Bucket="test", Key="data.csv"),
        lambda: client.get_bucket_policy(Bucket="test"),
        lambda: client.create_multipart_upload(Bucket="test", Key="data.csv"),
    ):
        with pytest.raises(object_store.ClientError, match="AccessDenied"):
            ask()
    assert client.list_buckets()["Buckets"] == []
