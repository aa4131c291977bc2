"""How tests talk with a running platform: HTTP, Kafka and S3 as anybody would, with curl and Kafka's own tools."""

import json
import subprocess
import urllib.error
import urllib.request
from email.message import Message
from pathlib import Path
from typing import Any

from chatdb.local.platform import Platform
from chatdb.local.processes import wait_for
from tests.repository import PLATFORM, ROOT

SECONDS = 120
RUN_SECONDS = 180
TRIES = 12


def ask(url: str, body: object = None, *, method: str | None = None) -> tuple[int, Any, Message]:
    """Status, JSON and headers of an answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as response:
            return response.status, json.load(response), response.headers
    except urllib.error.HTTPError as error:
        return error.code, json.load(error), error.headers


def kafka(running: Platform, tool: str, *arguments: str, given: str = "") -> str:
    """What one of Kafka's tools prints."""
    address = running.site.told(PLATFORM.component("kafka-topics"))["KAFKA_BOOTSTRAP_SERVERS"]
    line = [str(ROOT / f".tools/kafka/bin/{tool}.sh"), "--bootstrap-server", address, *arguments]
    return subprocess.run(line, input=given, capture_output=True, text=True, timeout=SECONDS, check=True).stdout


def message(running: Platform, topic: str, key: str, value: str) -> dict[str, Any]:
    """The first message of the topic in which that key has that value, once it is there."""
    options = ["--topic", topic, "--from-beginning", "--timeout-ms", "5000"]
    for _ in range(TRIES):
        printed = kafka(running, "kafka-console-consumer", *options).splitlines()
        # When the time is over, the tool says so among the messages.
        for content in (json.loads(line) for line in printed if line.startswith("{")):
            if content.get(key) == value:
                return dict(content)
    raise TimeoutError(f"no message on {topic} with {key} {value}")


def upload(running: Platform, path: Path, target: str) -> None:
    """Put a file into the object store: bucket and key."""
    told = running.site.told(PLATFORM.component("object-store-buckets"))
    user = f"{told['AWS_ACCESS_KEY_ID']}:{told['AWS_SECRET_ACCESS_KEY']}"
    line = ["curl", "--fail", "--silent", "--max-time", "60", "--aws-sigv4", "aws:amz:us-east-1:s3", "--user", user]
    line += ["--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]
    subprocess.run([*line, "--upload-file", str(path), f"{told['S3_ENDPOINT']}/{target}"], check=True)


def smoke_run(running: Platform) -> dict[str, Any]:
    """A run of test-service's own journey, when it has ended."""
    url = running.url("test-service")
    status, run, headers = ask(f"{url}/runs", method="POST")
    assert status == 202, run

    def over() -> bool:
        run.update(ask(f"{url}/{headers['Location']}")[1])
        return run["status"] in ("passed", "failed")

    wait_for("the run has ended", RUN_SECONDS, over)
    return dict(run)
