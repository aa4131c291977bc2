"""What the Job that makes accounts says when it cannot, and how it signs."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.access.store import JOB, RESOLVED, SECONDS, Store, scripts, serve
from tests.unit.scripts.job_scripts import PERMANENT


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """As the Job leaves it."""
    with serve() as made:
        made.run_job()
        yield made


def run_by_hand(store: Store, folder: Path, files: dict[str, str], **told: str) -> subprocess.CompletedProcess[str]:
    """The Job with other files, or another environment."""
    for name, text in (store.files() | files).items():
        (folder / name).write_text(text, encoding="utf-8")
    command = [sys.executable, *(str(folder / name) for name in ("accounts.py", "plan.json", "accounts.json"))]
    env = store.secrets(RESOLVED, JOB) | {"WAIT_SECONDS": "0"} | told
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)


@pytest.mark.parametrize(
    ("files", "told", "complaint"),
    [
        ({}, {"ML_ENGINE_PASSWORD": ""}, "ml_engine: ML_ENGINE_PASSWORD is not set"),
        ({"accounts.json": '{"accounts": {}, "policies": {"none": {}}}'}, {}, "bucket 'none' is not listed"),
        ({"accounts.json": "{}"}, {}, "bad plan"),
        ({"plan.json": "{}"}, {}, "bad plan"),
        ({}, {"AWS_SECRET_ACCESS_KEY": "wrong"}, "refuses the key pair"),
    ],
)
def test_what_somebody_has_to_correct(
    store: Store, tmp_path: Path, files: dict[str, str], told: dict[str, str], complaint: str
) -> None:
    """It says so, changes nothing, and is not tried again."""
    before = store.state()
    done = run_by_hand(store, tmp_path, files, **told)
    assert (done.returncode, complaint in done.stderr, "Traceback" in done.stderr) == (PERMANENT, True, False)
    assert store.state() == before


def test_store_that_is_away(store: Store, tmp_path: Path) -> None:
    """It may be there the next time."""
    plan = json.dumps(json.loads(store.files()["plan.json"]) | {"endpoint": "http://127.0.0.1:1"})
    assert run_by_hand(store, tmp_path, {"plan.json": plan}).returncode == 1


SUITE = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
DOCUMENTATION = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
NOTHING = hashlib.sha256(b"").hexdigest()


def test_signature_of_a_query() -> None:
    """The published suite's case get-vanilla-empty-query-key, and the lifecycle example of the S3 documentation."""
    accounts, buckets = scripts()
    headers = {"host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z"}
    signed = accounts.authorization(buckets.Keys(*SUITE), "GET", "/?Param1=value1", headers, NOTHING, service="service")
    assert signed.endswith("=a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb")
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "x-amz-content-sha256": NOTHING,
        "x-amz-date": "20130524T000000Z",
    }
    signed = accounts.authorization(buckets.Keys(*DOCUMENTATION), "GET", "/?lifecycle", headers, NOTHING)
    assert signed.endswith("=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
