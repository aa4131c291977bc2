"""The registry with a key of its own: all that it asks of the object store is what the catalogue says, and no more."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta

import pytest
from object_store_server import StoreSettings

from chatdb_common import object_store
from model_registry.artifacts import Artifacts
from model_registry.domain import Damaged, Unknown
from model_registry.uploads import PART_BYTES

BUCKET = "model-artifacts"
NOW = timedelta(0)
SIZES = {"one that is put": 1000, "parts": 2 * PART_BYTES + 1}


@pytest.fixture(scope="module")
def settings(own_key: Callable[[str], StoreSettings]) -> StoreSettings:
    """Those of model-registry."""
    return own_key("model-registry")


@pytest.fixture
def artifacts(settings: StoreSettings) -> Iterator[Artifacts]:
    """As the service has them; nothing is in the bucket afterwards."""
    made = Artifacts(object_store.connect_for_requests(settings), object_store.connect(settings), BUCKET)
    yield made
    made.abort_uploads(NOW)
    for keys in made.pages(NOW):
        for key in keys:
            made.delete(key)


async def chunks(size: int) -> AsyncIterator[bytes]:
    """So many bytes, as they come over HTTP."""
    for start in range(0, size, PART_BYTES // 3):
        yield bytes(min(PART_BYTES // 3, size - start))


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_an_artifact_from_upload_to_deletion(artifacts: Artifacts, size: int) -> None:
    """It is stored, read, listed and deleted."""
    stored = asyncio.run(artifacts.store("model/1", chunks(size), None))
    assert sum(map(len, artifacts.read(stored.object_key))) == stored.size_bytes == size
    assert [key for keys in artifacts.pages(NOW) for key in keys] == [stored.object_key]
    artifacts.delete(stored.object_key)
    assert [*artifacts.pages(NOW)] == []
    with pytest.raises(Unknown):
        artifacts.read(stored.object_key)


def test_an_upload_that_is_given_up(artifacts: Artifacts, settings: StoreSettings) -> None:
    """Its parts go at once, and those of a process that died with the sweep."""
    with pytest.raises(Damaged):
        asyncio.run(artifacts.store("model/1", chunks(2 * PART_BYTES + 1), "0" * 64))
    client = object_store.connect(settings)
    assert "Uploads" not in client.list_multipart_uploads(Bucket=BUCKET)
    client.create_multipart_upload(Bucket=BUCKET, Key="model/2/died")
    assert len(client.list_multipart_uploads(Bucket=BUCKET)["Uploads"]) == 1
    artifacts.abort_uploads(NOW)
    assert "Uploads" not in client.list_multipart_uploads(Bucket=BUCKET)


def test_other_buckets_are_closed(settings: StoreSettings) -> None:
    """Data sets are none of its business, and it makes no bucket."""
    client = object_store.connect(settings)
    for ask in (
        lambda: client.get_object(Bucket="test", Key="data.csv"),
        lambda: client.list_objects_v2(Bucket="datasets"),
        lambda: client.put_object(Bucket="datasets", Key="made", Body=b""),
        lambda: client.create_bucket(Bucket="new-bucket"),
        lambda: client.delete_bucket(Bucket=BUCKET),
    ):
        with pytest.raises(object_store.ClientError, match="AccessDenied"):
            ask()
    assert client.list_buckets()["Buckets"] == []
