"""The numbered migrations of a service's schema, which lie in the service's own folder."""

from importlib.resources import files
from pathlib import Path

from constructs_lib.catalogue.model import Schema

REPOSITORY = Path(str(files("constructs_lib"))).parent


def migration_files(schema: Schema) -> tuple[Path, ...]:
    """The files in the order in which they are applied; none where there is no such folder."""
    # A null byte is no part of any path, and the system refuses to look for one.
    folder = REPOSITORY / schema.migrations.replace("\0", "")
    return tuple(sorted(folder.glob("*.sql")))
