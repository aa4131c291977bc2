"""What the service reads from its environment."""

from typing import ClassVar

from pydantic import Field

from chatdb_common.settings import ServiceSettings


class Settings(ServiceSettings):
    """Names as the catalogue renders them."""

    service: ClassVar[str] = "test-service"

    port: int = 8001
    training_orchestrator_url: str = Field(min_length=1)
    model_registry_url: str = Field(min_length=1)
    ml_engine_url: str = Field(min_length=1)
    query_parser_url: str = Field(min_length=1)

    def addresses(self) -> dict[str, str]:
        """The four services, each with its URL."""
        return {
            "training-orchestrator": self.training_orchestrator_url,
            "model-registry": self.model_registry_url,
            "ml-engine": self.ml_engine_url,
            "query-parser": self.query_parser_url,
        }
