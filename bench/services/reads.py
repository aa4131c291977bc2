"""model-registry's reads of metadata against those of MLflow's model registry, on the same PostgreSQL.

Both have the same models, versions and aliases, and are asked the same by the same clients. Both are one process: a
container of model-registry has no more, and `mlflow server`, which would start four, is told so.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

from turns import Results, alternate
from workers import worker
from world import ROOT, World, call

from chatdb.local.processes import Server, free_ports, wait_for
from chatdb.local.site import HOST

OURS, MLFLOW = "model-registry", "MLflow"
ONE, ALIAS, LIST = "read a version", "read what an alias names", "list 20 versions"
REGISTRY = "model-registry"
MODELS, VERSIONS = 5, 20
CLIENTS, COUNT, ROUNDS = 8, 400, 7
QUICK_COUNT = 40
START_SECONDS = 300
API = "/api/2.0/mlflow"
CHAMPION = "champion"
Asks = list[tuple[str, str, None]]


def reads(world: World) -> dict[str, Results]:
    """The turns of each kind of read."""
    _fill(world)
    world.sql("CREATE DATABASE mlflow")
    with mlflow(world) as peer:
        _fill_mlflow(peer)
        return {kind: _measured(world, peer, kind) for kind in (ONE, ALIAS, LIST)}


def _measured(world: World, peer: str, kind: str) -> Results:
    with ExitStack() as stack:
        count = QUICK_COUNT if world.quick else COUNT
        told = {"clients": CLIENTS, "count": count}
        asked = {OURS: (world.address(REGISTRY), ours(kind)), MLFLOW: (peer, theirs(kind))}
        contenders = {
            name: stack.enter_context(worker("ask_http.py", {"address": address, "asks": asks, **told}))
            for name, (address, asks) in asked.items()
        }
        return alternate(contenders, world.rounds(ROUNDS))


def _names() -> list[str]:
    return [f"model-{number}" for number in range(MODELS)]


def ours(kind: str) -> Asks:
    """The asks of that kind, of model-registry."""
    paths = {
        ONE: [f"/models/{name}/versions/{version}" for name in _names() for version in range(1, VERSIONS + 1)],
        ALIAS: [f"/models/{name}/aliases/{CHAMPION}/version" for name in _names()],
        LIST: [f"/models/{name}/versions?limit={VERSIONS}" for name in _names()],
    }
    return [("GET", path, None) for path in paths[kind]]


def theirs(kind: str) -> Asks:
    """The asks of that kind, of MLflow."""
    newest = f"&max_results={VERSIONS}&order_by={quote('version_number DESC')}"
    paths = {
        ONE: [f"model-versions/get?name={name}&version={v}" for name in _names() for v in range(1, VERSIONS + 1)],
        ALIAS: [f"registered-models/alias?name={name}&alias={CHAMPION}" for name in _names()],
        LIST: ["model-versions/search?filter=" + quote(f"name='{name}'") + newest for name in _names()],
    }
    return [("GET", f"{API}/{path}", None) for path in paths[kind]]


def _fill(world: World) -> None:
    """Models with READY versions and an alias."""
    metrics = {"accuracy": 0.93, "f1_macro": 0.91, "rows": 500.0}
    for name in _names():
        world.call(REGISTRY, "POST", "/models", {"name": name})
        for version in range(1, VERSIONS + 1):
            world.call(REGISTRY, "POST", f"/models/{name}/versions", {"format": "onnx", "metrics": metrics})
            world.call(REGISTRY, "PUT", f"/models/{name}/versions/{version}/artifact", name.encode())
        world.call(REGISTRY, "PUT", f"/models/{name}/aliases/{CHAMPION}", {"version": VERSIONS})


def _fill_mlflow(address: str) -> None:
    """The same; metrics belong to a run there, so its versions have none."""
    api = f"http://{address}{API}"
    for name in _names():
        call(f"{api}/registered-models/create", "POST", {"name": name})
        for version in range(1, VERSIONS + 1):
            source = f"s3://models/{name}/{version}"
            call(f"{api}/model-versions/create", "POST", {"name": name, "source": source})
        alias = {"name": name, "alias": CHAMPION, "version": str(VERSIONS)}
        call(f"{api}/registered-models/alias", "POST", alias)


@contextmanager
def mlflow(world: World) -> Iterator[str]:
    """Its server's address; its tables are made at its first start."""
    place = Path(world.platform.site.folder) / "mlflow"
    place.mkdir()
    (port,) = free_ports(1)
    python = ROOT / ".tools/mlflow/bin/python"
    # Its documentation names this driver; SQLAlchemy's own choice is another one.
    store = world.database("mlflow").replace("postgresql://", "postgresql+psycopg2://")
    options = ["--backend-store-uri", store, "--default-artifact-root", str(place / "artifacts")]
    options += ["--host", HOST, "--port", str(port), "--workers", "1", "--no-serve-artifacts"]
    env_vars = {
        "PATH": os.pathsep.join([str(python.parent), os.environ["PATH"]]),
        "HOME": str(place),
        "LC_ALL": "C.UTF-8",
        "GIT_PYTHON_REFRESH": "quiet",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }
    server = Server("mlflow", [str(python), "-m", "mlflow", "server", *options], place / "log", env_vars)
    server.start()
    try:
        wait_for("MLflow answers", START_SECONDS, lambda: _healthy(server, port))
        yield f"{HOST}:{port}"
    finally:
        server.stop()


def _healthy(server: Server, port: int) -> bool:
    if not server.alive():
        raise RuntimeError(f"MLflow has ended; its last lines:\n{server.last_lines(20)}")
    try:
        call(f"http://{HOST}:{port}{API}/registered-models/search?max_results=1", "GET")
    except OSError:
        return False
    return True
