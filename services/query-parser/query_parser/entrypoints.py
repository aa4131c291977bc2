"""The doors: POST /parse and the topic of questions, both to the same handler."""

import time
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, FastAPI
from prometheus_client import Counter, Histogram
from pydantic import ConfigDict, Field, ValidationError

from chatdb_common.consumer import ConsumerWorker
from chatdb_common.health import Check
from chatdb_common.messages import Query, QueryResult
from chatdb_common.problems import Body
from chatdb_common.publisher import Publisher, record
from chatdb_common.service import Service
from query_parser.domain.pieces import LONGEST_TEXT
from query_parser.domain.schema import Schema
from query_parser.service_layer import Answer, answer, default_schema
from query_parser.settings import Settings

KIBIBYTE = 1024
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
SECONDS = Histogram("parser_question_duration_seconds", "How long questions took", ["outcome"], buckets=BUCKETS)
REFUSALS = Counter("parser_refusals_total", "Questions that were not turned into SQL", ["reason"])
ANSWERED, REFUSED = "answered", "refused"
UNKNOWN_WORDS, NOT_UNDERSTOOD, BAD_SCHEMA = "unknown_words", "not_understood", "bad_schema"
for outcome in (ANSWERED, REFUSED):
    SECONDS.labels(outcome)
for reason in (UNKNOWN_WORDS, NOT_UNDERSTOOD, BAD_SCHEMA):
    # A rate needs the zero before the first one.
    REFUSALS.labels(reason)


class ParseRequest(Body):
    """What POST /parse takes; without a schema the question is about ChatDB's own jobs and models."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    query: str = Field(max_length=LONGEST_TEXT, examples=["how many jobs failed last week"])
    schema_: Schema | None = Field(default=None, alias="schema")


def routes() -> APIRouter:
    """The HTTP door."""
    router = APIRouter()

    @router.post("/parse")
    def parse(request: ParseRequest) -> Answer:
        """SQL with parameters; or null, and why in `error`: a question that is not understood is no HTTP error."""
        return _observed(request.query, request.schema_ or default_schema())

    return router


def handle(query: Query, publish: Callable[[QueryResult], None]) -> None:
    """Answer one message; what can't be answered is told, too."""
    try:
        schema = default_schema() if query.schema_ is None else Schema.model_validate(query.schema_)
    except ValidationError as error:
        REFUSALS.labels(BAD_SCHEMA).inc()
        publish(QueryResult(query_id=query.query_id, error=_complaints(error)))
        return
    result = _observed(query.query, schema)
    publish(QueryResult(query_id=query.query_id, **result.model_dump()))


def _observed(question: str, schema: Schema) -> Answer:
    start = time.perf_counter()
    result = answer(question, schema)
    SECONDS.labels(REFUSED if result.sql is None else ANSWERED).observe(time.perf_counter() - start)
    if result.sql is None:
        REFUSALS.labels(UNKNOWN_WORDS if result.unresolved else NOT_UNDERSTOOD).inc()
    return result


def _complaints(error: ValidationError) -> str:
    problems: list[dict[str, Any]] = [dict(problem) for problem in error.errors()]
    return "; ".join(f"schema.{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in problems)[:2000]


def build(settings: Settings) -> FastAPI:
    """The whole service."""
    publisher = Publisher(settings.kafka_bootstrap_servers)

    def publish(result: QueryResult) -> None:
        publisher.publish([record(settings.result_topic, result)])

    consumer = ConsumerWorker(
        settings=settings,
        topic=settings.query_topic,
        model=Query,
        handle=lambda query: handle(query, publish),
        publisher=publisher,
    )
    service = Service(
        settings=settings,
        # Questions that come over HTTP need nobody.
        checks=(Check("kafka", lambda: publisher.check((settings.query_topic, settings.result_topic)), hard=False),),
        workers=(consumer,),
        closers=(publisher.close,),
        body_limit=256 * KIBIBYTE,
    )
    app = service.app()
    app.include_router(routes())
    return app
