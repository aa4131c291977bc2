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
