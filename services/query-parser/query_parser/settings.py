"""What the service reads from its environment."""

from typing import ClassVar

from chatdb_common.settings import KafkaSettings


class Settings(KafkaSettings):
    """Names as the catalogue renders them."""

    service: ClassVar[str] = "query-parser"

    port: int = 8002
    query_topic: str
    result_topic: str
