"""What stands in for a controller: it looks at the cluster again and again."""

import threading
import time
from abc import ABC, abstractmethod
from http.client import HTTPException

from tests.e2e.api import Api, ApiError

PERIOD = 0.5


class Looking(ABC):
    """A thread that looks every half second; a server that does not answer, or answers something else, is no end."""

    def __init__(self, api: Api) -> None:
        """It does not run yet."""
        self.api = api
        self._stopped = threading.Event()

    def start(self) -> None:
        """Look every half second, until stopped."""
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(PERIOD):
            try:
                self.look()
            except (OSError, ApiError, KeyError, HTTPException):
                time.sleep(PERIOD)

    @abstractmethod
    def look(self) -> None:
        """Do once what the controller would do."""
