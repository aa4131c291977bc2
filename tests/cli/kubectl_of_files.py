"""A stand-in for kubectl that answers from a file of objects, and refuses what that file says."""

import json
import sys
from pathlib import Path
from typing import Any

STATE = json.loads((Path(sys.argv[0]).parent / "state.json").read_text())
ARGUMENTS = [argument for argument in sys.argv[1:] if not argument.startswith("--context")]

NOT_FOUND = "Error from server (NotFound): the server could not find the requested resource"


def main() -> None:
    """Print what is asked for, or the reason why not."""
    if ARGUMENTS[:2] == ["config", "view"]:
        context = {"name": "minikube", "context": {"cluster": "minikube"}}
        cluster = {"name": "minikube", "cluster": {"server": "https://192.0.2.2:8443"}}
        print(json.dumps({"current-context": "minikube", "contexts": [context], "clusters": [cluster]}))
        return
    if ARGUMENTS[1].startswith("--raw="):
        both = any(one.startswith("--output") for one in ARGUMENTS)
        sys.exit("error: --raw and --output are mutually exclusive" if both else NOT_FOUND)
    names = ARGUMENTS[1].split(",")
    place = next((one.partition("=")[2] for one in ARGUMENTS if one.startswith("--namespace=")), None)
    for name in names:
        for refused in (name, f"{name} of {place}"):
            if refused in STATE["refused"]:
                sys.exit(STATE["refused"][refused])
    plurals = {name.partition(".")[0] for name in names}
    items = [one for one in STATE["objects"] if _plural(one["kind"]) in plurals and _in(one, place)]
    print(json.dumps({"kind": "List", "items": items}))


def _plural(kind: str) -> str:
    return kind.lower() + ("es" if kind.endswith("ss") else "s")


def _in(manifest: "dict[str, Any]", place: str | None) -> bool:
    return place is None or manifest["metadata"].get("namespace") == place


main()
