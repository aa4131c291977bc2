"""`python -m query_parser`."""

from chatdb_common.service import run
from query_parser.entrypoints import build
from query_parser.settings import Settings

settings = Settings.read()
run(settings, lambda: build(settings))
