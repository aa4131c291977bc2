"""`python -m training_orchestrator`."""

from chatdb_common.service import run
from training_orchestrator.entrypoints import build
from training_orchestrator.settings import Settings

settings = Settings.read()
run(settings, lambda: build(settings))
