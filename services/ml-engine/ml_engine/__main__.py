"""`python -m ml_engine`."""

from chatdb_common.service import run
from ml_engine.entrypoints import build
from ml_engine.settings import Settings

settings = Settings.read()
run(settings, lambda: build(settings))
