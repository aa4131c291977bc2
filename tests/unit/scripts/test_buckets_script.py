"""buckets.py makes what is missing in the object store and leaves alone what is there."""

import csv
import hashlib
import importlib.util
import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.unit.scripts.fake_object_store import ACCESS, SECRET, FakeObjectStore
from tests.unit.scripts.job_scripts import FILES, PERMANENT, REPOSITORY, run

SCRIPT = "object_store_buckets/files/buckets.py"
CARRIED = REPOSITORY / "catalogue/files/object-store-buckets"
SAMPLES = ("data.csv", "load-data.csv")
KEYS = {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}
WANTED = {"/model-artifacts", "/datasets", "/test", "/test/data.csv", "/test/load-data.csv"}


@pytest.fixture
def store() -> Iterator[FakeObjectStore]:
    """An empty object store."""
    with FakeObjectStore() as fake:
        yield fake


def load() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("buckets_script", FILES / SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plan(endpoint: str, **changes: object) -> dict[str, object]:
    """The plan as the catalogue gives it."""
    objects = [{"bucket": "test", "key": name, "file": name} for name in SAMPLES]
    return {"endpoint": endpoint, "buckets": ["model-artifacts", "datasets", "test"], "objects": objects, **changes}


def apply(directory: Path, content: object, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the Job with the plan and the samples in one folder; its log must show no secret."""
    for name in SAMPLES:
        shutil.copy(CARRIED / name, directory)
    path = directory / "plan.json"
    path.write_text(json.dumps(content))
    done = run(SCRIPT, path, env=KEYS | env)
    assert SECRET not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_signature_of_the_published_suite() -> None:
    """AWS's Signature Version 4 test suite, case get-vanilla."""
    module = load()
    headers = {"host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z"}
    nothing = hashlib.sha256(b"").hexdigest()
    signed = module.authorization(module.Keys(ACCESS, SECRET), "GET", "/", headers, nothing, service="service")
    assert signed == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    )


def test_signature_of_the_s3_documentation() -> None:
    """The GET Object example of the S3 documentation on signing in the header."""
    module = load()
    nothing = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "range": "bytes=0-9",
        "x-amz-content-sha256": nothing,
        "x-amz-date": "20130524T000000Z",
    }
    keys = module.Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    signed = module.authorization(keys, "GET", "/test.txt", headers, nothing)
    assert signed.endswith("Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")


def test_first_run_makes_all(store: FakeObjectStore, tmp_path: Path) -> None:
    """Buckets and samples are there, every request correctly signed."""
    done = apply(tmp_path, plan(store.endpoint))
    assert done.returncode == 0, done.stderr
    assert store.objects.keys() == WANTED
    for name in SAMPLES:
        assert store.objects[f"/test/{name}"] == (CARRIED / name).read_bytes()


def test_second_run_only_looks(store: FakeObjectStore, tmp_path: Path) -> None:
    """What exists is neither made again nor overwritten, whatever it holds."""
    apply(tmp_path, plan(store.endpoint))
    store.objects["/test/data.csv"] = b"a user's own"
    store.requests.clear()
    assert apply(tmp_path, plan(store.endpoint)).returncode == 0
    assert {request.split()[0] for request in store.requests} == {"HEAD"}
    assert store.objects["/test/data.csv"] == b"a user's own"


def test_half_done_is_completed(store: FakeObjectStore, tmp_path: Path) -> None:
    """Whatever a killed run left out is made."""
    store.objects |= {"/model-artifacts": b"", "/test": b""}
    assert apply(tmp_path, plan(store.endpoint)).returncode == 0
    assert store.objects.keys() == WANTED


def test_what_another_makes_meanwhile_stays(store: FakeObjectStore, tmp_path: Path) -> None:
    """A bucket or an object that appears between the look and the write is no error and keeps its content."""
    store.appears_after_head = {"/datasets": b"", "/test/data.csv": b"other"}
    assert apply(tmp_path, plan(store.endpoint)).returncode == 0
    assert store.objects["/test/data.csv"] == b"other"


def test_keys_with_special_characters(store: FakeObjectStore, tmp_path: Path) -> None:
    """An object's key is escaped the same way in the address and in the signature."""
    objects = [{"bucket": "test", "key": "a folder/ü+(1).csv", "file": "data.csv"}]
    done = apply(tmp_path, plan(store.endpoint, objects=objects))
    assert done.returncode == 0, done.stderr
    assert "/test/a%20folder/%C3%BC%2B%281%29.csv" in store.objects


def test_wrong_key_pair_is_permanent(store: FakeObjectStore, tmp_path: Path) -> None:
    """403 is not retried: somebody has to look at the Secret."""
    done = apply(tmp_path, plan(store.endpoint), AWS_SECRET_ACCESS_KEY="wrong", WAIT_SECONDS="20")
    assert done.returncode == PERMANENT
    assert "refuses the key pair" in done.stderr
    assert len(store.requests) == 1


def test_other_refusal_is_permanent(store: FakeObjectStore, tmp_path: Path) -> None:
    """So is any other 4xx, told with the store's own code."""
    store.faults = [404, 400]
    done = apply(tmp_path, plan(store.endpoint))
    assert done.returncode == PERMANENT
    assert "PUT /model-artifacts: 400 SlowDown" in done.stderr


def test_busy_store_is_waited_for(store: FakeObjectStore, tmp_path: Path) -> None:
    """503 and 500 are tried again within the bounded wait."""
    store.faults = [503, 500, 429]
    assert apply(tmp_path, plan(store.endpoint), WAIT_SECONDS="20").returncode == 0
    assert store.objects.keys() == WANTED


def test_store_that_stays_away_is_transient(tmp_path: Path) -> None:
    """When the wait is over the Job fails with 1, so that Kubernetes starts it again."""
    done = apply(tmp_path, plan("http://127.0.0.1:1"), WAIT_SECONDS="0.5")
    assert done.returncode == 1
    assert "no answer" in done.stderr


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"endpoint": "minio:9000"}, "is not http(s)://host:port"),
        ({"endpoint": "http://minio:9000/path"}, "is not http(s)://host:port"),
        ({"buckets": ["Test"]}, "bad bucket name 'Test'"),
        ({"buckets": ["datasets"]}, "data.csv: bucket 'test' is not listed"),
        ({"objects": [{"bucket": "test", "key": "a", "file": "none"}]}, "No such file"),
        ({"objects": [{"bucket": "test", "key": "a"}]}, "bad plan"),
        ({"objects": None}, "bad plan"),
    ],
)
def test_bad_plan(store: FakeObjectStore, tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    """A plan that is wrong is refused before the store is asked anything."""
    done = apply(tmp_path, plan(store.endpoint) | changes)
    assert done.returncode == PERMANENT
    assert problem in done.stderr
    assert store.requests == []


def test_bad_use(tmp_path: Path) -> None:
    """No plan, no arguments and no key pair are permanent."""
    assert run(SCRIPT, tmp_path / "none.json", env=KEYS).returncode == PERMANENT
    assert run(SCRIPT, env=KEYS).returncode == PERMANENT
    (tmp_path / "plan.json").write_text(json.dumps(plan("http://127.0.0.1:1", objects=[])))
    done = run(SCRIPT, tmp_path / "plan.json", env={})
    assert done.returncode == PERMANENT
    assert "AWS_ACCESS_KEY_ID is not set" in done.stderr


@pytest.mark.parametrize(("name", "rows"), [("data.csv", 60), ("load-data.csv", 30)])
def test_sample_can_be_learned_from(name: str, rows: int) -> None:
    """The last column is a target of two classes, each often enough for cross-validation."""
    with (CARRIED / name).open(newline="") as file:
        header, *lines = csv.reader(file)
    assert header[-1] == "slow"
    assert len(lines) == rows
    assert {len(line) for line in lines} == {len(header)}
    assert all(all(line) for line in lines)
    counts = Counter(line[-1] for line in lines)
    assert counts.keys() == {"yes", "no"} and min(counts.values()) >= 10
