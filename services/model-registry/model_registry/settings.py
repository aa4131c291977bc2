"""What the service reads from its environment."""

from typing import ClassVar

from pydantic import Field

from chatdb_common.settings import DatabaseSettings, ObjectStoreSettings


class Settings(DatabaseSettings, ObjectStoreSettings):
    """Names as the catalogue renders them."""

    service: ClassVar[str] = "model-registry"

    port: int = 8004
    s3_bucket: str = Field(min_length=3)
