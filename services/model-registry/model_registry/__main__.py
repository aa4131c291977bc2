"""`python -m model_registry`."""

from chatdb_common.service import run
from model_registry.entrypoints import build
from model_registry.settings import Settings

settings = Settings.read()
run(settings, lambda: build(settings))
