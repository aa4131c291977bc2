"""The file plan.accept.yaml: risks that somebody has accepted, each for one change, with the reason."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from chatdb.plan.notes import Note
from constructs_lib import manifest_yaml
from constructs_lib.command import COMMAND
from constructs_lib.files import advised_writes, write_by_rename
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.yaml_files import read_document

FILE = "plan.accept.yaml"
HEAD = f"# Written by `{COMMAND} plan --accept`: environment, the risk's id, and why it was accepted.\n"
FIX = f"correct it, or delete it and run `{COMMAND} plan --accept` again"
Accepted = Mapping[str, Mapping[str, str]]
"""Environment -> id of a note -> the reason."""


def read(root: Path) -> Accepted:
    """What is accepted; nothing where there is no file. InvalidInput with all that is wrong with it."""
    if not (root / FILE).exists():
        return {}
    content, place = read_document(root / FILE, FILE, FIX)
    problems: list[Problem] = []
    for environment, ids in content.items():
        if not isinstance(environment, str) or not isinstance(ids, dict):
            problems.append(Problem(str(place.at(environment)), "is not an environment with ids and reasons", FIX))
            continue
        problems += [
            Problem(str(place.at(environment, id_)), f"{id_} has no reason", "write why it is acceptable")
            for id_, reason in ids.items()
            if not isinstance(id_, str) or not isinstance(reason, str) or not reason.strip()
        ]
    if problems:
        raise InvalidInput(problems)
    return content


def marked(notes: Iterable[Note], reasons: Mapping[str, str]) -> Iterator[Note]:
    """The notes, those that are accepted with the reason."""
    return (replace(note, accepted=reasons.get(note.id)) if note.blocking else note for note in notes)


def accept(root: Path, environment: str, notes: Iterable[Note], id_: str, reason: str) -> None:
    """Note the reason beside the id; ids that no note of this environment has any more are left out.

    InvalidInput where no blocking note has this id.
    """
    ids = [note.id for note in notes if note.blocking]
    if id_ not in ids:
        fix = f"use one of: {', '.join(ids)}" if ids else "leave the option out"
        raise InvalidInput([Problem("--accept", f"no blocking risk of {environment} has the id {id_!r}", fix)])
    every = {name: dict(own) for name, own in read(root).items()}
    own = {name: text for name, text in every.get(environment, {}).items() if name in ids}
    every[environment] = {**own, id_: reason}
    with advised_writes(str(root)):
        write_by_rename(root / FILE, HEAD + manifest_yaml.dump([{name: every[name] for name in sorted(every)}]))
