"""The images that the platform runs. Renovate bumps the tags and adds digests; none is ever invented here."""

from collections.abc import Mapping
from types import MappingProxyType

from constructs_lib.model import Image

RELEASE = "0.1.0"
"""Tag of the images that are built from this repository until a build writes others into images.yaml."""


def third_party(repository: str, tag: str | None, digest: str | None = None) -> Image:
    """An image that others publish."""
    return Image(repository=repository, tag=tag, digest=digest)


def ours(name: str) -> Image:
    """An image that is built from services/<name>."""
    return Image(repository=f"chatdb/{name}", tag=RELEASE, source=f"services/{name}")


IMAGES: Mapping[str, Image] = MappingProxyType(
    {
        "chaoskube": third_party("linki/chaoskube", "v0.38.0"),
        "grafana": third_party("grafana/grafana", "13.1.0"),
        "integration-tests": ours("integration-tests"),
        "jaeger": third_party("jaegertracing/jaeger", "2.19.0"),
        "kafka": third_party("apache/kafka", "4.3.1"),
        "locust": third_party("locustio/locust", "2.47.0"),
        "minio": third_party("minio/minio", "RELEASE.2025-09-07T16-13-09Z"),
        "ml-engine": ours("ml-engine"),
        "model-registry": ours("model-registry"),
        # Stay on major 17: PostgreSQL 18 moved the path of its volume.
        "postgres": third_party("postgres", "17.7"),
        # Of the same major version, so that data can move from one to the other; users of the image have the id 26.
        "postgres-cloudnative-pg": third_party("ghcr.io/cloudnative-pg/postgresql", "17.11-system-trixie"),
        "prometheus": third_party("prom/prometheus", "v3.13.1"),
        "python": third_party("python", "3.13.9-slim"),
        "query-parser": ours("query-parser"),
        "test-service": ours("test-service"),
        "training-orchestrator": ours("training-orchestrator"),
        "versitygw": third_party("versity/versitygw", "v1.8.0"),
    }
)
