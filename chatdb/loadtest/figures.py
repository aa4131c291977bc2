"""Read by Locust itself beside the locustfile: at its end it writes down what it has counted, failures too."""

import json
import os
from pathlib import Path
from typing import Any

from locust import events


def _remember(environment: Any, **_more: object) -> None:
    def write(**_more: object) -> None:
        stats = environment.runner.stats
        figures = {"stats": stats.serialize_stats(), "errors": list(stats.serialize_errors().values())}
        Path(os.environ["FIGURES"]).write_text(json.dumps(figures), encoding="utf-8")

    events.quit.add_listener(write)


events.init.add_listener(_remember)
