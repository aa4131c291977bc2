"""Settings come from environment variables only; their names are the ones that the catalogue renders."""

from typing import ClassVar, Self

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict


class SettingsError(SystemExit):
    """The environment is not what the service needs; the message names every variable, and the process ends with it."""


class ServiceSettings(BaseSettings):
    """What each service reads; a service's own class adds its variables and the port's default.

    A field is the variable's name in lower case. Variables that no field names are ignored.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=False)

    service: ClassVar[str]
    """The component's name in the catalogue: in logs, traces, and as Kafka's consumer group."""

    host: str = ""
    """The address to listen on; empty for all of them, as inside a pod every interface is the pod's own."""
    port: int = Field(ge=0, le=65535)
    otel_exporter_otlp_endpoint: str | None = None

    @classmethod
    def read(cls) -> Self:
        """The settings of this process; SettingsError with every problem at once."""
        try:
            return cls()
        except ValidationError as error:
            problems = [f"{'.'.join(map(str, p['loc'])).upper()}: {p['msg']}" for p in error.errors()]
            raise SettingsError(f"{cls.service}: set these environment variables: " + "; ".join(problems)) from None

    @classmethod
    def variables(cls) -> dict[str, bool]:
        """The names of the environment variables, each with whether it must be there."""
        return {name.upper(): field.is_required() for name, field in cls.model_fields.items()}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, and what a test passes; no files."""
        del settings_cls, dotenv_settings, file_secret_settings
        return init_settings, env_settings


class DatabaseSettings(ServiceSettings):
    """For a service with tables."""

    database_url: SecretStr


class KafkaSettings(ServiceSettings):
    """For a service that produces or consumes messages."""

    kafka_bootstrap_servers: str = Field(min_length=1)


class ObjectStoreSettings(ServiceSettings):
    """For a service that reads or writes objects."""

    s3_endpoint: str = Field(min_length=1)
    aws_access_key_id: SecretStr
    aws_secret_access_key: SecretStr
