"""Clients that ask one service all the time, on connections that they keep or make anew, and note what they get."""

import hashlib
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random
from urllib.parse import urlsplit
from uuid import UUID

from chatdb.local.platform import Platform
from tests.local.kill_history import Order
from tests.local.kill_run import threads

REQUEST_SECONDS = 60
PAUSES = (0.0, 0.1, 0.4)
"""What clients wait between two requests: the connection of one who waits longer is idle most of the time."""
PIECES, PIECE_SECONDS = 8, 0.1
PIECE = bytes(range(256)) * 512
MODEL = "drained"
NEW_VERSION = {"format": "onnx"}
INSTANCE = {"rows_scanned": 120, "joins": 0, "indexed": "yes", "hour": 9, "table": "users"}


@dataclass(kw_only=True)
class Exchange:
    """One request, and what became of it; times by the client's clock, each taken when the thing was over."""

    what: str
    begun: float
    sent: float | None = None
    """When all of the request was handed over; None where it was not."""
    before: float | None = None
    """When the last request was handed over on the same connection; None where this is its first."""
    ended: float = 0.0
    status: int = 0
    problem: str = ""
    last: bool = False
    """Whether the answer said that the connection ends with it."""


@dataclass
class Load:
    """What all clients of one service have seen; `orders` are the jobs among it."""

    url: str
    predicts: str
    exchanges: list[Exchange] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


class Line:
    """One client's way to the service."""

    def __init__(self, load: Load, random: Random, *, keep: bool, pause: float) -> None:
        """With `keep` all its requests go over one connection, as long as the service leaves it open."""
        self.load = load
        self.random = random
        self.order: Order | None = None
        self._keep = keep
        self._pause = pause
        self._way: http.client.HTTPConnection | None = None
        self._sent: float | None = None

    def play(self, act: Callable[["Line"], None]) -> None:
        """Do that until the load is over."""
        while not self.load.over.wait(self._pause):
            try:
                act(self)
            except (OSError, http.client.HTTPException):
                # It is noted; and nobody may listen for a while.
                self._hang_up()
                self.load.over.wait(PAUSES[1])
        self._hang_up()

    def ask(self, method: str, path: str, body: object = None, *, good: int = 200, **headers: str) -> bytes:
        """The body of the answer; what came of it is noted, also where it is an error."""
        one = Exchange(what=f"{method} {path}", begun=time.monotonic())
        self.load.exchanges.append(one)
        try:
            return self._exchange(one, method, path, body, good, headers)
        except (OSError, http.client.HTTPException) as error:
            one.problem = f"{type(error).__name__}: {error}"
            raise
        finally:
            one.ended = time.monotonic()

    def _exchange(
        self, one: Exchange, method: str, path: str, body: object, good: int, headers: Mapping[str, str]
    ) -> bytes:
        if self._way is None:
            self._way = http.client.HTTPConnection(urlsplit(self.load.url).netloc, timeout=REQUEST_SECONDS)
            self._way.connect()
        one.before, self._sent = self._sent, None
        data = body if body is None or isinstance(body, Iterator) else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._way.request(method, path, data, {"Content-Type": "application/json"} | named)
        one.sent = self._sent = time.monotonic()
        answer = self._way.getresponse()
        content = answer.read()
        one.status, one.last = answer.status, answer.will_close
        if answer.status != good:
            one.problem = f"{answer.status}: {content[:300]!r}"
        if not self._keep or answer.will_close:
            self._hang_up()
        return content

    def _hang_up(self) -> None:
        way, self._way, self._sent = self._way, None, None
        if way is not None:
            way.close()


def jobs(line: Line) -> None:
    """Order a job, the same one each time, and read it, and the list."""
    if line.order is None:
        line.order = Order(key=str(UUID(int=line.random.getrandbits(128))), tag=line.random.randrange(2**31))
        line.load.orders.append(line.order)
    parameters = {"model": "linear", "folds": 2, "seed": line.order.tag}
    body = {"model_name": "drained-jobs", "dataset_location": "s3://test/data.csv", "hyperparameters": parameters}
    job = json.loads(line.ask("POST", "/jobs", body, good=201, Idempotency_Key=line.order.key))
    line.order.answers.append(job["id"])
    line.order.job_ids.append(job["id"])
    line.ask("GET", f"/jobs/{job['id']}")
    line.ask("GET", "/jobs?limit=5")


def reads(line: Line) -> None:
    """What is registered."""
    for path in ("/models?limit=5", f"/models/{MODEL}", f"/models/{MODEL}/aliases/champion"):
        line.ask("GET", path)


def uploads(line: Line) -> None:
    """A new version, whose artifact comes in pieces, and goes at once."""
    pieces = [line.random.randbytes(16) + PIECE for _ in range(PIECES)]
    key = str(UUID(int=line.random.getrandbits(128)))
    made = json.loads(line.ask("POST", f"/models/{MODEL}/versions", NEW_VERSION, good=201, Idempotency_Key=key))
    path = f"/models/{MODEL}/versions/{made['version']}/artifact"
    digest, size = hashlib.sha256(b"".join(pieces)).hexdigest(), str(sum(map(len, pieces)))
    line.ask("PUT", path, _slowly(pieces), X_Content_Sha256=digest, Content_Length=size)
    if hashlib.sha256(line.ask("GET", path)).hexdigest() != digest:
        line.load.exchanges[-1].problem = f"{path} gives other bytes"


def _slowly(pieces: list[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield piece
        time.sleep(PIECE_SECONDS)


def predictions(line: Line) -> None:
    """One."""
    answer = json.loads(line.ask("POST", "/ml/predict", {"model_name": line.load.predicts, "instances": [INSTANCE]}))
    if len(answer.get("predictions", ())) != 1:
        line.load.exchanges[-1].problem = f"predicts {answer}"


def questions(line: Line) -> None:
    """One."""
    parsed = json.loads(line.ask("POST", "/parse", {"query": "how many jobs failed last week"}))
    if not parsed.get("sql"):
        line.load.exchanges[-1].problem = f"understands {parsed}"


def page(line: Line) -> None:
    """The status page."""
    if not line.ask("GET", "/").rstrip().endswith(b"</html>"):
        line.load.exchanges[-1].problem = "half a page"


ACTS: Mapping[str, tuple[Callable[[Line], None], ...]] = {
    "training-orchestrator": (jobs,),
    "model-registry": (reads, uploads),
    "ml-engine": (predictions,),
    "query-parser": (questions,),
    "test-service": (page,),
}


def prepare(running: Platform, seed: int) -> None:
    """A model with a champion, for those who read and upload; made once."""
    line = Line(Load(running.url("model-registry"), ""), Random(seed), keep=False, pause=0)
    line.ask("POST", "/models", {"name": MODEL}, good=201)
    uploads(line)
    line.ask("PUT", f"/models/{MODEL}/aliases/champion", {"version": 1})
    assert not [one.problem for one in line.load.exchanges if one.problem]


@contextmanager
def load(running: Platform, name: str, *, seed: int, predicts: str) -> Iterator[Load]:
    """For each thing that is asked of the service, clients that keep their connection and one that does not."""
    made = Load(running.url(name), predicts)
    lines = [
        (act, Line(made, Random(f"{seed} {name} {act.__name__} {pause} {keep}"), keep=keep, pause=pause))
        for act in ACTS[name]
        for pause, keep in (*((pause, True) for pause in PAUSES), (PAUSES[1], False))
    ]
    with threads(made.over, [partial(line.play, act) for act, line in lines]):
        yield made
