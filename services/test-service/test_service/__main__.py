"""`python -m test_service`."""

from chatdb_common.service import run
from test_service.entrypoints import build
from test_service.settings import Settings

settings = Settings.read()
run(settings, lambda: build(settings))
