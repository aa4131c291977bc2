"""The doors: HTTP for predictions, Kafka for jobs."""

import os
from collections.abc import Callable
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from prometheus_client import Counter, Gauge
from pydantic import BaseModel, ConfigDict, Field, model_validator

from chatdb_common import object_store
from chatdb_common.consumer import ConsumerWorker
from chatdb_common.health import Check
from chatdb_common.messages import JobMessage, Prediction, TrainingEvent
from chatdb_common.problems import Body, ProblemDetails
from chatdb_common.publisher import Publisher, PublishError, record
from chatdb_common.service import Service
from chatdb_common.timeouts import WAIT_SECONDS
from ml_engine.cancellations import Cancellations
from ml_engine.instances import BadInstance
from ml_engine.models import Models
from ml_engine.registry import Down, Missing, Refused, Registry
from ml_engine.service_layer import TRANSIENT, Trainer
from ml_engine.settings import Settings, store_variables
from ml_engine.training_process import TrainingProcess

MOST_INSTANCES = 1000
CATCH_UP_SECONDS = 30.0
# The catalogue gives 60 seconds; 5 are the preStop hook's, 11 are for HTTP.
WORKER_SECONDS = 35.0
PREDICTIONS = Counter("predictions_total", "Instances that were predicted")
REFUSALS = Counter("prediction_refusals_total", "Requests for predictions that were refused", ["reason"])
LOADED = Gauge("models_loaded", "Models in memory")
LOADED_BYTES = Gauge("models_loaded_bytes", "The size of their artifacts")
UNKNOWN_MODEL, UNUSABLE_MODEL, BAD_INSTANCE = "unknown_model", "unusable_model", "bad_instance"
for reason in (UNKNOWN_MODEL, UNUSABLE_MODEL, BAD_INSTANCE):
    # A rate needs the zero before the first one.
    REFUSALS.labels(reason)
Publish = Callable[[Prediction], None]
Value = str | int | float | bool | None


class PredictRequest(Body):
    """What POST /ml/predict takes: the model's champion, unless an alias or a version is named.

    A value may be text, as the data set had it; the signature of the version says how each column is read.
    """

    model_name: str = Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$", examples=["churn"])
    alias: str | None = Field(default=None, pattern=r"^[a-z]([a-z0-9_-]{0,62}[a-z0-9])?$")
    version: int | None = Field(default=None, ge=1, le=2**31 - 1)
    instances: list[dict[Annotated[str, Field(max_length=256)], Value]] = Field(min_length=1, max_length=MOST_INSTANCES)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.alias is not None and self.version is not None:
            raise ValueError("name an alias or a version, not both")
        return self


class View(BaseModel):
    """Something as HTTP shows it."""

    model_config = ConfigDict(protected_namespaces=())


class PredictResponse(View):
    """The predictions, in the instances' order, and what made them."""

    model_name: str
    version: int
    sha256: str
    predictions: list[Any]


class LoadedView(View):
    """A model that is loaded."""

    model_name: str
    version: int
    sha256: str
    size_bytes: int


def routes(registry: Registry, models: Models, publish: Publish) -> APIRouter:
    """The HTTP door."""
    router = APIRouter(prefix="/ml")

    @router.post("/predict")
    def predict(request: PredictRequest) -> PredictResponse:
        """Predict with one version; the predictions are published before they are answered."""
        version = registry.resolve(request.model_name, request.alias, request.version)
        if version.format != "onnx":
            raise ProblemDetails(422, f"a model in format {version.format} can't be loaded here")
        predictions = models.get(version, registry.artifact).predict(request.instances)
        PREDICTIONS.inc(len(predictions))
        publish(
            Prediction(
                model_name=version.model_name,
                version=version.version,
                alias=request.alias,
                instances=len(request.instances),
                predictions=predictions,
            )
        )
        return PredictResponse(
            model_name=version.model_name, version=version.version, sha256=version.sha256, predictions=predictions
        )

    @router.get("/models")
    def loaded() -> list[LoadedView]:
        """What is loaded, the one that was used last first."""
        return [
            LoadedView(
                model_name=one.version.model_name,
                version=one.version.version,
                sha256=one.version.sha256,
                size_bytes=one.version.size_bytes,
            )
            for one in models.list()
        ]

    return router


def add_problems(app: FastAPI) -> None:
    """What is refused, in HTTP's words."""

    @app.exception_handler(Missing)
    def missing(_request: Request, error: Missing) -> JSONResponse:
        REFUSALS.labels(UNKNOWN_MODEL).inc()
        return ProblemDetails(404, str(error)).response()

    @app.exception_handler(Refused)
    def refused(_request: Request, error: Refused) -> JSONResponse:
        REFUSALS.labels(UNUSABLE_MODEL).inc()
        return ProblemDetails(422, str(error)).response()

    @app.exception_handler(BadInstance)
    def bad(_request: Request, error: BadInstance) -> JSONResponse:
        REFUSALS.labels(BAD_INSTANCE).inc()
        return ProblemDetails(422, str(error), errors=[{"field": error.field, "message": error.message}]).response()


def _job_consumer(
    settings: Settings,
    training: TrainingProcess,
    registry: Registry,
    publisher: Publisher,
    cancellations: Cancellations,
) -> ConsumerWorker[JobMessage]:
    """The worker that trains what `training_jobs` orders."""

    def tell(event: TrainingEvent) -> None:
        publisher.publish([record(settings.events_topic, event)])

    def over(job_id: UUID, attempt: int) -> bool:
        cancellations.caught_up.wait(CATCH_UP_SECONDS)
        return cancellations.over(job_id, attempt)

    trainer = Trainer(
        learn=training.learn,
        registry=registry,
        publish=tell,
        over=over,
        ending=lambda: consumer.stopping.is_set(),  # noqa: PLW0108 - the consumer is made below
    )
    consumer = ConsumerWorker(
        settings=settings,
        topic=settings.training_topic,
        model=JobMessage,
        handle=trainer.handle,
        publisher=publisher,
        transient=TRANSIENT,
    )
    return consumer


def build(settings: Settings) -> FastAPI:
    """The whole service."""
    quick = object_store.connect_for_requests(settings)
    publisher = Publisher(settings.kafka_bootstrap_servers)
    # Of its own: what a client waits for is given up sooner than what a job has to say.
    predictions = Publisher(settings.kafka_bootstrap_servers, seconds=WAIT_SECONDS)
    registry = Registry(settings.model_registry_url)
    cancellations = Cancellations(settings, settings.training_topic)
    training = TrainingProcess(os.environ | store_variables(settings))
    consumer = _job_consumer(settings, training, registry, publisher, cancellations)
    topics = (settings.training_topic, settings.events_topic, settings.prediction_topic)
    service = Service(
        settings=settings,
        checks=(
            Check("kafka", lambda: predictions.check(topics)),
            Check("model-registry", registry.check),
            # Models that are loaded predict without it.
            Check("object store", lambda: object_store.check(quick, "datasets"), hard=False),
        ),
        workers=(cancellations, consumer),
        closers=(training.close, publisher.close, predictions.close, registry.close),
        unavailable=(Down, PublishError),
        worker_seconds=WORKER_SECONDS,
    )
    models = Models()
    LOADED.set_function(lambda: len(models.list()))
    LOADED_BYTES.set_function(lambda: sum(one.version.size_bytes for one in models.list()))
    app = service.app()
    app.include_router(
        routes(registry, models, lambda one: predictions.publish([record(settings.prediction_topic, one)]))
    )
    add_problems(app)
    return app
