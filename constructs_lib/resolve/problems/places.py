"""Where the entries of the catalogue are written."""

import re

from constructs_lib.model import Component

FOLDER = "catalogue"
BUCKETS = f"{FOLDER}/buckets.py"
COMPONENTS = f"{FOLDER}/components.py"
EXTERNALS = f"{FOLDER}/externals.py"
IMAGES = f"{FOLDER}/images.py"
TRAITS = f"{FOLDER}/traits.py"
TOPICS = f"{FOLDER}/topics.py"
FILES = f"{FOLDER}/files"
_PLAIN = re.compile(r"[A-Za-z0-9._-]+")


def entry(file: str, name: str) -> str:
    """The place of the entry of that name; in quotes where it would not be read as one word."""
    return f"{file}: {name if _PLAIN.fullmatch(name) else repr(name)}"


def where(component: Component) -> str:
    """The place of the component's entry."""
    return entry(COMPONENTS, component.name)
