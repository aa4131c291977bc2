"""What has the operator's plugin barman-cloud keep base backups and the WAL in an object store."""

from typing import Any

from constructs_lib.operated import PLUGIN, SIDECAR
from constructs_lib.resolved import ResolvedComponent

BUCKET, SCHEDULE, RETENTION, ENDPOINT = "BACKUP_BUCKET", "BACKUP_SCHEDULE", "BACKUP_RETENTION", "S3_ENDPOINT"
KEYS = {"accessKeyId": "AWS_ACCESS_KEY_ID", "secretAccessKey": "AWS_SECRET_ACCESS_KEY"}


def store_name(component: ResolvedComponent) -> str:
    """The name of its ObjectStore, and of its ScheduledBackup."""
    return f"{component.name}-backups"


def plugins(component: ResolvedComponent) -> list[dict[str, Any]]:
    """Those of the Cluster: the one that takes each segment of the WAL."""
    return [{"name": PLUGIN, "isWALArchiver": True, "parameters": {"barmanObjectName": store_name(component)}}]


def object_store(component: ResolvedComponent) -> dict[str, Any]:
    """The spec of the ObjectStore; its keys are in one of the component's Secrets."""
    settings = component.settings
    secret = next((plan.name for plan in component.secrets if {*KEYS.values()} <= {*plan.keys}), None)
    if secret is None or ENDPOINT not in settings:
        message = "it has backups, and is told of no object store; let its entry talk to one"
        raise ValueError(f"{component.name}: {message}")
    return {
        "retentionPolicy": settings[RETENTION],
        "configuration": {
            "destinationPath": f"s3://{settings[BUCKET]}/",
            "endpointURL": settings[ENDPOINT],
            "s3Credentials": {name: {"name": secret, "key": key} for name, key in KEYS.items()},
            "wal": {"compression": "gzip"},
            "data": {"compression": "gzip"},
        },
        "instanceSidecarConfiguration": {"resources": SIDECAR},
    }


def scheduled_backup(component: ResolvedComponent) -> dict[str, Any]:
    """The spec of the ScheduledBackup: the first one is made at once."""
    return {
        "schedule": component.settings[SCHEDULE],
        "immediate": True,
        "cluster": {"name": component.name},
        "method": "plugin",
        "pluginConfiguration": {"name": PLUGIN},
        "backupOwnerReference": "self",
    }
