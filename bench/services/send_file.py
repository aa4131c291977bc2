"""Contenders: one file to the object store, several times one after the other, through model-registry or by boto3."""

import http.client
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from turns import Turn
from worker import serve, timed

SECONDS = 300
BLOCK = 1024 * 1024
JSON = {"Content-Type": "application/json"}


def through_service(told: Mapping[str, Any]) -> Callable[[], Turn]:
    """PUT of the artifact; the versions that wait for it are made before the time begins."""
    path, versions = Path(told["file"]), f"/models/{told['model']}/versions"

    def turn() -> Turn:
        connection = http.client.HTTPConnection(told["address"], timeout=SECONDS, blocksize=BLOCK)

        def ask(method: str, path: str, body: Any, headers: Mapping[str, str], wanted: int) -> Any:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            content = json.loads(answer.read())
            if answer.status != wanted:
                raise RuntimeError(f"{method} {path}: {answer.status} {content}")
            return content

        made = [ask("POST", versions, json.dumps({"format": "onnx"}), JSON, 201) for _ in range(told["count"])]

        def send(number: int) -> None:
            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(path.stat().st_size)}
            with path.open("rb") as file:
                ask("PUT", f"{versions}/{made[number]['version']}/artifact", file, headers, 200)

        return timed([send], told["count"])

    return turn


def by_boto3(told: Mapping[str, Any]) -> Callable[[], Turn]:
    """`upload_file` with boto3's defaults, but for paths in place of host names."""
    store = told["store"]
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=store["S3_ENDPOINT"],
        aws_access_key_id=store["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=store["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )

    def send(number: int) -> None:
        client.upload_file(told["file"], store["S3_BUCKET"], f"boto3/{number}")

    def turn() -> Turn:
        measured = timed([send], told["count"])
        for number in range(told["count"]):
            client.delete_object(Bucket=store["S3_BUCKET"], Key=f"boto3/{number}")
        return measured

    return turn


if __name__ == "__main__":
    ways = {"service": through_service, "boto3": by_boto3}
    serve(lambda told: ways[told["way"]](told))
