"""What the service reads from its environment."""

from typing import ClassVar

from pydantic import Field

from chatdb_common.settings import KafkaSettings, ObjectStoreSettings


class Settings(KafkaSettings, ObjectStoreSettings):
    """Names as the catalogue renders them."""

    service: ClassVar[str] = "ml-engine"

    port: int = 8003
    model_registry_url: str = Field(pattern="^https?://")
    training_topic: str
    events_topic: str
    prediction_topic: str


def store_variables(settings: ObjectStoreSettings) -> dict[str, str]:
    """The environment variables that say where data sets are, for the training process."""
    return {
        "S3_ENDPOINT": settings.s3_endpoint,
        "AWS_ACCESS_KEY_ID": settings.aws_access_key_id.get_secret_value(),
        "AWS_SECRET_ACCESS_KEY": settings.aws_secret_access_key.get_secret_value(),
    }
