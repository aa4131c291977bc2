"""Made-up outcomes of the commands that run something, with something in every list."""

from chatdb.chaos.run import Outcome
from chatdb.loadtest.locust import Counted, Entry, Failure
from chatdb.loadtest.report import Report, report

JOBS, PARSE = "POST /api/v1/jobs", "POST /api/v1/parse"
COUNTED = Counted(
    entries=[
        Entry(name=PARSE, requests=10, failures=1, times={20: 9, 700: 1}),
        Entry(name=JOBS, requests=100, failures=0, times={30: 90, 40: 6, 50: 4}),
        Entry(name=f"{JOBS} refused: queue full", requests=90, failures=0, times={1: 90}),
    ],
    failures=[Failure(name=PARSE, error="502 Server Error", count=1)],
)

OUTCOME = Outcome(id="kill:kafka", expected=["ml-engine"], seen=["query-parser"], back=100, problems=["wrong"])


def load_report(counted: Counted = COUNTED, *, most_failures: float = 1.0, slowest: float = 100.0) -> Report:
    """Of ten seconds."""
    return report(counted, 10, most_failures=most_failures, slowest=slowest)
