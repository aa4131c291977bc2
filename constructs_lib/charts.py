"""Charts as data: each is built once, and kept for the next runs, so that Node is started for new ones alone."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from constructs_lib import manifest_yaml
from constructs_lib.cache import Cache
from constructs_lib.job_names import config_data, named_by_content
from constructs_lib.rendered import Manifest
from constructs_lib.resolved import ResolvedComponent, ResolvedGateway, ResolvedNamespaces
from constructs_lib.types import type_of

Spec = ResolvedComponent | ResolvedGateway | ResolvedNamespaces
"""What a chart is a function of."""
OWN = "constructs_lib."
"""Constructs elsewhere are not of the code that `Kept.code` is a hash of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartData:
    """The objects of a chart's file, its text, and the objects that each environment completes."""

    objects: list[Manifest]
    text: str
    templates: list[Manifest]


@dataclass(frozen=True, slots=True)
class Kept:
    """Where charts are kept, and a hash of the generator's code and tools as they are when it is asked for."""

    cache: Cache
    code: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Charts:
    """The charts of a run; without `kept` each is built once."""

    kept: Kept | None = None
    _known: dict[str, ChartData] = field(default_factory=dict)

    def of(self, specs: Iterable[Spec]) -> list[ChartData]:
        """The chart of each; Node is started once for all that are not known."""
        wanted = [(repr(spec), spec) for spec in specs]
        missing = {key: spec for key, spec in wanted if key not in self._known}
        if missing and self.kept:
            self._take_or_build(self.kept, missing)
        elif missing:
            self._build(missing)
        return [self._known[key] for key, _ in wanted]

    def _take_or_build(self, kept: Kept, missing: Mapping[str, Spec]) -> None:
        """Those of the cache are taken from it; the others go there."""
        code = kept.code()
        names = {
            key: hashlib.sha256(f"{code}\n{key}".encode()).hexdigest() for key, spec in missing.items() if _is_own(spec)
        }
        for key, name in names.items():
            if value := kept.cache.get(name):
                self._known[key] = ChartData(**json.loads(value))
        new = {key: spec for key, spec in missing.items() if key not in self._known}
        self._build(new)
        # Somebody may have changed the code before all of it was loaded.
        if new and kept.code() == code:
            kept.cache.put({names[key]: json.dumps(asdict(self._known[key])).encode() for key in new if key in names})

    def _build(self, new: Mapping[str, Spec]) -> None:
        if not new:
            return
        # Imported late: it starts Node.
        from constructs_lib.build_charts import build

        for key, spec, objects in zip(new, new.values(), build(new.values()), strict=True):
            self._known[key] = _data(spec, objects)


def _is_own(spec: Spec) -> bool:
    return not isinstance(spec, ResolvedComponent) or type_of(spec).construct_module.startswith(OWN)


def _data(spec: Spec, objects: Sequence[Manifest]) -> ChartData:
    """Its Jobs are named by what they run."""
    templates: list[Manifest] = []
    if isinstance(spec, ResolvedComponent):
        type_, data = type_of(spec), config_data(objects)
        templates = [one for one in objects if type_.per_environment(one)]
        objects = [named_by_content(one, spec.name, data) for one in objects if not type_.per_environment(one)]
    return ChartData(objects=list(objects), text=manifest_yaml.dump(objects), templates=templates)
