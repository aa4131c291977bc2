"""The files of a new service: what each is to contain, and how they are written all or not at all."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from chatdb.new_service import edits, texts
from chatdb.new_service.request import Request, component_of, extended
from constructs_lib.files import write_by_rename
from constructs_lib.model import Catalogue
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolve import resolve_draft
from constructs_lib.resolve.problems.places import COMPONENTS, IMAGES
from constructs_lib.settings import read_environments


def changes(root: Path, catalogue: Catalogue, request: Request) -> dict[str, str]:
    """Relative path and new text of every file; InvalidInput with every problem."""
    component = component_of(catalogue, request)
    platform = resolve_draft(extended(catalogue, component))
    name = component.name
    new = {
        f"services/{name}/README.md": "README.md.in",
        f"tests/services/test_service_{component.role}.py": "test_service.py.in",
    }
    if component.schema:
        new[f"{component.schema.migrations}/0001_schema.sql"] = "0001_schema.sql.in"
    changed = {
        COMPONENTS: edits.with_entry(_read(root, COMPONENTS), component.tier, texts.entry(component)),
        IMAGES: edits.with_image(_read(root, IMAGES), name, texts.image_line(component)),
    }
    # On one node the second replica, and a surge, would only take room.
    for settings in (one for one in read_environments(root, catalogue) if one.nodes and one.nodes.count == 1):
        folder = f"overlays/{settings.environment}/{component.tier}"
        new[f"{folder}/{name}.yaml"] = "patch.yaml.in"
        list_ = f"{folder}/kustomization.yaml"
        changed[list_] = edits.with_patch(_read(root, list_), f"{name}.yaml")
    there = [path for path in new if (root / path).exists()]
    if there:
        raise InvalidInput(Problem(path, "is there already", "move it away, or choose another name") for path in there)
    return changed | {path: texts.filled(template, platform, component) for path, template in new.items()}


def _read(root: Path, path: str) -> str:
    try:
        return (root / path).read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInput([Problem(path, f"cannot be read ({error.strerror})", "bring it back from git")]) from error


def write(root: Path, contents: Mapping[str, str]) -> None:
    """Put every file in place by rename; InvalidInput, and all as it was, where one cannot be written."""
    path = ""
    try:
        with ExitStack() as undo:
            for path, text in contents.items():
                _make_folders((root / path).parent, undo)
                _put(root / path, text, undo)
            undo.pop_all()
    except OSError as error:
        problem = Problem(path, f"cannot be written ({error.strerror})", "nothing was changed; fix it and run again")
        raise InvalidInput([problem]) from error


def _make_folders(folder: Path, undo: ExitStack) -> None:
    if not folder.exists():
        _make_folders(folder.parent, undo)
        folder.mkdir()
        undo.callback(folder.rmdir)


def _put(path: Path, text: str, undo: ExitStack) -> None:
    """Replace the file, or make it; what undoes that is noted before it is done."""
    old = path.read_bytes() if path.exists() else None
    undo.callback(path.unlink, missing_ok=True) if old is None else undo.callback(path.write_bytes, old)
    write_by_rename(path, text)
