"""Records what the dashboards show while the real services are at work, and draws them into docs/pictures.

The services answer users for some minutes; meanwhile ml-engine is killed, model-registry loses its servers, and a
message comes that nobody can read. Usage: dashboard_run.py [--minutes 12] [--keep RECORD]
"""

import argparse
import json
import random
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from chatdb.local.fault_proxy import Fault, Proxies, with_proxies
from chatdb.local.platform import Platform
from chatdb.local.processes import wait_for
from tests.local.clients import SECONDS, ask, kafka
from tests.local.scraping import Ask, scraping
from tests.repository import PLATFORM, ROOT
from tools import dashboards, panel_pictures

SCRAPE_SECONDS = 15
"""As dist/ has it."""
SEED = 20261125
DATA, NO_DATA = "s3://test/data.csv", "s3://test/nothing.csv"
ROW = {"rows_scanned": 900000, "joins": 3, "indexed": "no", "hour": 20, "table": "orders"}
QUESTIONS = (
    "how many jobs failed last week",
    "the newest 5 models",
    "jobs of model slow that succeeded",
    "green ideas",
)
ANSWERS = (urllib.error.URLError, ConnectionError, TimeoutError, json.JSONDecodeError)
"""How a service that is killed or cut off fails its users."""
Deed = Callable[[], object]


class Users:
    """They order jobs, cancel some, look at the page, want predictions and put questions; some cannot be had."""

    def __init__(self, running: Platform) -> None:
        """Nobody asks yet."""
        self._running = running
        self._random = random.Random(SEED)
        self._url = running.url

    def ask_until(self, end: float) -> None:
        """One thing after another until that time; what fails is what dashboards are for."""
        deeds: list[Deed] = [
            self.order,
            self.order,
            self.cancel,
            self.predict,
            self.predict,
            self.refused,
            self.question,
            self.page,
        ]
        self._smoke()
        while time.time() < end:
            with suppress(*ANSWERS):
                self._random.choice(deeds)()
            time.sleep(self._random.expovariate(1))

    def order(self, location: str = "") -> str:
        """A job; one in five has no data set."""
        data = location or self._random.choice((DATA, DATA, DATA, DATA, NO_DATA))
        _, _, headers = ask(
            f"{self._url('training-orchestrator')}/jobs", {"model_name": "slow", "dataset_location": data}
        )
        return str(headers["Location"])

    def cancel(self) -> None:
        """A job that is cancelled at once."""
        ask(f"{self._url('training-orchestrator')}/{self.order(DATA)}/cancel", method="POST")

    def predict(self) -> None:
        """Some instances, for the model that is there."""
        instances = [ROW] * self._random.randint(1, 5)
        body = {"model_name": "slow", "alias": "champion", "instances": instances}
        ask(f"{self._url('ml-engine')}/ml/predict", body)

    def refused(self) -> None:
        """A model that nobody has made."""
        ask(f"{self._url('ml-engine')}/ml/predict", {"model_name": "nobody-made-it", "instances": [ROW]})

    def question(self) -> None:
        """One of some, of which one is no question."""
        ask(f"{self._url('query-parser')}/parse", {"query": self._random.choice(QUESTIONS)})

    def page(self) -> None:
        """The status page."""
        with urllib.request.urlopen(self._url("test-service"), timeout=SECONDS) as answer:
            answer.read()

    def _smoke(self) -> None:
        """A run of test-service, which goes on by itself."""
        ask(f"{self._url('test-service')}/runs", method="POST")


def troubles(running: Platform, proxies: Proxies, seconds: float) -> None:
    """What befalls the platform meanwhile: a message that nobody can read, a kill, and a cut of a minute."""
    time.sleep(0.15 * seconds)
    kafka(running, "kafka-console-producer", "--topic", "queries", given="".join(messages()))
    time.sleep(0.2 * seconds)
    server = running.parts["ml-engine"].server
    server.kill()
    time.sleep(0.05 * seconds)
    server.start()
    time.sleep(0.2 * seconds)
    ways = [way for way in proxies.ways if way.startswith("model-registry to ")]
    proxies.befall(Fault.CUT, ways, 0.1 * seconds)


def messages() -> Iterator[str]:
    """Questions over Kafka, and one line that nobody can read."""
    for question in QUESTIONS:
        yield json.dumps({"message_id": str(uuid4()), "query_id": str(uuid4()), "query": question}) + "\n"
    yield "no json\n"


@contextmanager
def beside(deed: Deed) -> Iterator[None]:
    """Done while the body runs, and to its end; what goes wrong in it, goes wrong here."""
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(deed)
        yield
        done.result()


def answers(api: Ask, start: float, end: float) -> dict[str, object]:
    """A record of everything that the dashboards ask."""
    span = {"start": str(start), "end": str(end), "step": str(SCRAPE_SECONDS)}
    exprs = sorted(set().union(*map(dashboards.queries, dashboards.dashboards().values())))
    results = {expr: api("query_range", query=expr, **span)["result"] for expr in exprs}
    return {"start": start, "end": end, "step": SCRAPE_SECONDS, "answers": results}


def record(minutes: float) -> dict[str, object]:
    """Let the services work for so long, and ask Prometheus what it saw."""
    with with_proxies(PLATFORM, ROOT) as (running, proxies):
        for name in running.parts:
            running.start(name)
        running.wait()
        with scraping(running, SCRAPE_SECONDS) as api:
            start = time.time()
            with beside(lambda: troubles(running, proxies, minutes * 60)):
                Users(running).ask_until(start + minutes * 60)
            wait_for("the last of it is scraped", 4 * SCRAPE_SECONDS, lambda: time.time() > start + minutes * 60 + 30)
            return answers(api, start, time.time())


def main() -> None:
    """Record, and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--keep", type=Path, help="write the record into this file, too")
    arguments = parser.parse_args()
    recorded = json.dumps(record(arguments.minutes))
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        file.write(recorded)
        file.flush()
        if arguments.keep:
            arguments.keep.write_text(recorded, encoding="utf-8")
        panel_pictures.main(file.name, str(ROOT / "docs/pictures"))


if __name__ == "__main__":
    main()
