"""What the service reads from its environment."""

from typing import ClassVar

from chatdb_common.settings import DatabaseSettings, KafkaSettings


class Settings(DatabaseSettings, KafkaSettings):
    """Names as the catalogue renders them."""

    service: ClassVar[str] = "training-orchestrator"

    port: int = 8000
    training_topic: str
    events_topic: str
