"""A question in plain English, and what query-parser makes of it; nothing is executed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chatdb_common.logs import get_logger
from chatdb_common.problems import ProblemDetails, unstorable
from test_service.service_layer import Answer, Services, StepFailed

LONGEST_QUESTION = 1000
"""As query-parser has it."""
MOST_AT_ONCE = 8
"""Questions that may wait for query-parser: each has a thread meanwhile, and the status page needs some, too."""
RETRY_SECONDS = "5"
LONGEST_REASON = 500
EXAMPLES = (
    "how many jobs failed last week",
    "number of jobs per model",
    "jobs with more than 3 attempts",
    "the 3 oldest jobs",
    "average size of versions per model",
    "jobs created since 2026-01-01",
)
"""What can be asked: each is answered."""
NEAREST = "you can ask: "
"""What a suggestion begins with that is a question."""
# What is in quotes is matched first, and left alone.
CLAUSE = re.compile(r""" (?=(?:FROM|WHERE|GROUP BY|HAVING|ORDER BY|LIMIT)\b)|"[^"]*"|'[^']*'""")
OK = 200
log = get_logger(__name__)


class Reading(BaseModel):
    """What query-parser says of a question: SQL with its parameters, or in `error` why there is none."""

    model_config = ConfigDict(frozen=True, strict=True)

    sql: str | None = None
    parameters: list[str | int | float | bool | None] = []
    tables: list[str] = []
    confidence: float = Field(default=0.0, ge=0, le=1)
    unresolved: list[str] = []
    suggestions: list[str] = []
    error: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Reading":
        if not (self.sql or self.error):
            raise ValueError("neither SQL nor a reason")
        return self

    @property
    def lines(self) -> str:
        """The SQL, with each of its clauses on a line."""
        return CLAUSE.sub(lambda part: "\n" if part[0] == " " else part[0], self.sql or "")

    @property
    def nearest(self) -> list[str]:
        """Questions that are answered, among the suggestions."""
        return [one.removeprefix(NEAREST) for one in self.suggestions if one.startswith(NEAREST)]

    @property
    def hints(self) -> list[str]:
        """The other suggestions."""
        return [one for one in self.suggestions if not one.startswith(NEAREST)]


class Asker:
    """The way of questions to query-parser."""

    def __init__(self, services: Services) -> None:
        """Nobody asks yet."""
        self._services = services
        self._free = BoundedSemaphore(MOST_AT_ONCE)

    def ask(self, question: str) -> Reading:
        """What query-parser makes of it; ProblemDetails, with a sentence for the person, where it says nothing."""
        if len(question) > LONGEST_QUESTION:
            long = f"The question has {len(question)} characters."
            raise ProblemDetails(422, f"{long} Use at most {LONGEST_QUESTION} characters.")
        complaint = unstorable(question)
        if complaint:
            raise ProblemDetails(422, f"The question {complaint}. Remove it.")
        with self._place():
            answer = self._answer(question)
        try:
            if answer.status != OK:
                raise ValueError(f"status {answer.status}")
            return Reading.model_validate(answer.body)
        except ValueError as error:
            log.warning("query-parser answered a question with nonsense", reason=str(error)[:LONGEST_REASON])
            raise _later(503, "query-parser gave an answer that cannot be read.") from None

    def _answer(self, question: str) -> Answer:
        try:
            return self._services.call("query-parser", "POST", "/parse", {"query": question})
        except StepFailed as error:
            log.warning("query-parser does not answer a question", reason=str(error))
            raise _later(503, "query-parser does not answer at the moment.") from None

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._free.acquire(blocking=False):
            raise _later(429, "Too many people are asking.")
        try:
            yield
        finally:
            self._free.release()


def _later(status: int, sentence: str) -> ProblemDetails:
    return ProblemDetails(status, f"{sentence} Ask again in a few seconds.", headers={"Retry-After": RETRY_SECONDS})
