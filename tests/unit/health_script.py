"""A health script of argocd/install, run under gopher-lua, Argo CD's own Lua engine."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.repository import ROOT

LUA = Path(__file__).parent / "lua"
GLUA = ROOT / ".tools/bin/glua"


class Answer(NamedTuple):
    """What a script returned for one object; `deletion` is what Argo CD shows of one that is being deleted."""

    status: str
    message: str
    deletion: str = ""


def lua(value: object) -> str:
    """Write a value made of dicts, lists and scalars as Lua source."""
    match value:
        case dict():
            return "{" + ",".join(f"[{json.dumps(key)}]={lua(item)}" for key, item in value.items()) + "}"
        case list():
            return "{" + ",".join(map(lua, value)) + "}"
        case None:
            return "nil"
        case _:
            return json.dumps(value)


def run_script(folder: Path, text: str, objects: Sequence[object], *, now: int = 0, **environment: str) -> list[Answer]:
    """Run the text of a script on each object, at a time in seconds since 1970; the folder is written to."""
    assert GLUA.is_file(), f"{GLUA.relative_to(ROOT)} is missing: run make tools"
    script, data = folder / "script.lua", folder / "cases.lua"
    script.write_text(text, encoding="utf-8")
    data.write_text("return " + lua({"now": now, "objects": list(objects)}), encoding="utf-8")
    command = [GLUA, LUA / "run_health.lua", script, data]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [Answer(*line.split("\t")) for line in done.stdout.splitlines()]


def without_libraries(text: str) -> str:
    """The script as Argo CD runs it where argocd-cm does not open Lua's standard libraries for the kind."""
    return (LUA / "closed_libraries.lua").read_text(encoding="utf-8") + text
