"""The one settings file: where the repository is, and the environments that are generated."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from constructs_lib.backups import read_backups
from constructs_lib.command import COMMAND, SETTINGS, SYNTH
from constructs_lib.dns import DnsSetting, read_dns
from constructs_lib.image_reference import is_registry
from constructs_lib.machine import Nodes
from constructs_lib.model import Catalogue
from constructs_lib.nodes import read_nodes
from constructs_lib.object_store import read_object_store
from constructs_lib.options import Options
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolve.problems import problems_of_platform
from constructs_lib.resolve.problems.env_vars import SECRET_URL
from constructs_lib.resolve.problems.vocabulary import is_host
from constructs_lib.traits import COMPONENTS, problems_of_options, problems_of_traits
from constructs_lib.yaml_files import Place, read_document, read_mapping

FILE = SETTINGS
ENVIRONMENT = re.compile(rf"(?!(?:{COMPONENTS}|install)$)[a-z]([a-z0-9-]{{0,30}}[a-z0-9])?")
"""It is a folder beside that of the traits, and beside argocd/install."""
REPOSITORY = re.compile(r"(https?://|ssh://|file://)[^\s]+|[^\s@:]+@[^\s:]+:[^\s]+")
REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
APPLICATIONS = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")
CLUSTER = re.compile(
    r"https://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*|(?!.*://)[A-Za-z0-9]([A-Za-z0-9._:/@-]*[A-Za-z0-9])?"
)
"""Without the characters that an AppProject reads as a pattern."""
COMMIT = re.compile(r"[0-9a-f]{40}")
DEPLOYMENT = re.compile(r"[a-z0-9-]+/[a-z0-9.-]+")
AUTOSCALED = "autoscaled"
"""In a file of pins: for each tier, the Deployments that autoscalers scale in the commit that it is pinned to."""
KIND = re.compile(r"(?:([a-z0-9]+(?:[.-][a-z0-9]+)*)/)?([A-Z][A-Za-z0-9]*)")
KEYS = ("repository", "environments")
OF_ENVIRONMENT = (
    "applications", "revision", "host", "cluster", "registry", "machine", "nodes", "dns", "traits", "tiers", "kinds",
    "object_store", "backups",
)  # fmt: skip
OLD_KEYS = ("revision", "environment", "tiers", "kinds", "dns")
"""Of the file as it was when there was one environment; its settings were beside `repository`."""
PINS = "pins"
IN_CLUSTER, IN_CLUSTER_NAME = "https://kubernetes.default.svc", "in-cluster"
"""The cluster that Argo CD runs in, and how Argo CD calls it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The settings of one environment.

    `applications` is the name of its root Application, with which the names of all its objects of Argo CD begin.
    `host` is what its routes are served under; `traits` are folders of overlays/components.
    `cluster` is a server's URL, or a name that Argo CD knows; `registry` is where the images that are built from the
    repository are pushed to and pulled from, None where nodes have them otherwise; `nodes` is None where nothing is
    known of them. `pins` map a tier to the commit that its Application is pinned to; without one it tracks `revision`.
    `autoscaled` are the Deployments of a tier that autoscalers scale in that commit, as <namespace>/<name>.
    `kinds` are (API group, kind) of what overlays may hold besides the kinds of the base manifests, `options` what
    traits need to know.
    """

    repository: str
    revision: str
    environment: str
    applications: str
    tiers: tuple[str, ...]
    host: str
    traits: tuple[str, ...] = ()
    cluster: str = IN_CLUSTER
    registry: str | None = None
    nodes: Nodes | None = None
    pins: tuple[tuple[str, str], ...] = ()
    autoscaled: tuple[tuple[str, tuple[str, ...]], ...] = ()
    kinds: tuple[tuple[str, str], ...] = ()
    dns: DnsSetting = field(default_factory=DnsSetting)
    options: Options = field(default_factory=Options)

    def target(self, tier: str) -> str:
        """The revision of the tier's Application."""
        return dict(self.pins).get(tier, self.revision)

    def application(self, part: str) -> str:
        """The name of the Application of a tier, or of what an operator calls its own."""
        return f"{self.applications}-{part}"

    def children(self, catalogue: Catalogue) -> tuple[str, ...]:
        """The Applications that the root may have: one for each tier, and for each operator that a trait needs."""
        operators = (operator for trait in catalogue.traits for operator in trait.operators)
        parts = (*catalogue.tiers, *(operator.application for operator in operators))
        return tuple(self.application(part) for part in dict.fromkeys(parts))

    @property
    def root_project(self) -> str:
        """The name of the root Application's project."""
        return f"{self.applications}-root"

    @property
    def platform_project(self) -> str:
        """The name of the project of the tiers' Applications."""
        return f"{self.applications}-platform"

    @property
    def operators_project(self) -> str:
        """The name of the project of the operators' Applications."""
        return f"{self.applications}-operators"

    @property
    def released(self) -> str:
        """The name of the ConfigMap that says what each tier is pinned to."""
        return f"{self.applications}-released"

    def argo_cd_names(self, catalogue: Catalogue) -> frozenset[str]:
        """Each object of Argo CD that the environment may have, as <kind> <name>."""
        applications = (self.applications, *self.children(catalogue))
        own = (self.root_project, self.platform_project, self.operators_project)
        projects = (f"AppProject {name}" for name in own)
        return frozenset((*(f"Application {name}" for name in applications), *projects, f"ConfigMap {self.released}"))


def pins_path(root: Path, environment: str) -> Path:
    """The file of pins; the command `release` writes it."""
    return root / PINS / f"{environment}.yaml"


def read_environments(root: Path, catalogue: Catalogue) -> tuple[Settings, ...]:
    """The settings and pins of every environment, in the file's order; InvalidInput with every problem."""
    raw, place = read_document(root / FILE, FILE, f"run `{COMMAND} init`")
    return parsed(root, catalogue, raw, place)


def environment_names(root: Path) -> frozenset[str]:
    """The names of all environments, whatever else is in the file."""
    environments = read_document(root / FILE, FILE, f"run `{COMMAND} init`")[0].get("environments")
    return frozenset(map(str, environments)) if isinstance(environments, dict) else frozenset()


def read_settings(root: Path, catalogue: Catalogue, environment: str | None = None) -> Settings:
    """Those of one environment; without a name, of the only one. InvalidInput where that is not one."""
    environments = read_environments(root, catalogue)
    chosen = [one for one in environments if environment in (None, one.environment)]
    if len(chosen) == 1:
        return chosen[0]
    names = ", ".join(one.environment for one in environments)
    message = f"unknown environment {environment!r}" if environment else f"there are {len(environments)} environments"
    raise InvalidInput([Problem("--environment", message, f"use one of: {names}")])


def parsed(root: Path, catalogue: Catalogue, raw: Mapping[str, Any], place: Place) -> tuple[Settings, ...]:
    """The settings that the content `raw` of the file is; InvalidInput with every problem."""
    if wrong := problems_of_platform(catalogue):
        raise InvalidInput(wrong)
    if is_old(raw):
        key = next(key for key in OLD_KEYS if key in raw)
        message = f"{key} is at the top level, where the settings of an environment were before there were several"
        fix = f"run `{COMMAND} init`, which moves them below `environments`"
        raise InvalidInput([Problem(str(place.at(key)), message, fix)])
    problems = [*_unknown_keys(raw, place, KEYS), *_texts(raw, place, "repository")]
    environments = raw.get("environments")
    if not isinstance(environments, dict) or not environments:
        message = "environments is missing" if environments is None else f"environments is {environments!r}"
        fix = "write something like environments: {staging: {revision: main}}"
        raise InvalidInput([*problems, Problem(str(place.at("environments")), message, fix)])
    settings: list[Settings] = []
    for name, values in environments.items():
        one, of_one = _environment(root, catalogue, str(raw.get("repository")), name, values, place)
        problems += of_one
        settings += [one] if one else []
    problems += _too_close(settings, catalogue, place)
    problems += _renamed(root, settings, place)
    if problems:
        raise InvalidInput(problems)
    return tuple(settings)


def _too_close(environments: Sequence[Settings], catalogue: Catalogue, place: Place) -> Iterator[Problem]:
    """Environments that would be in each other's way, in a cluster or in Argo CD."""
    for number, one in enumerate(environments):
        own = place.at("environments", one.environment)
        for other in environments[:number]:
            pair = f"environments {other.environment} and {one.environment}"
            if one.cluster == other.cluster:
                message = f"{pair} would share the namespaces {', '.join(catalogue.namespaces)} of {one.cluster}"
                fix = f"give {one.environment} a `cluster` of its own, by a name or URL that Argo CD knows"
                yield Problem(str(own.at("cluster")), message, fix)
            if same := one.argo_cd_names(catalogue) & other.argo_cd_names(catalogue):
                message = f"{pair} would both have {', '.join(sorted(same))}"
                fix = f"give {one.environment} another name, or other `applications`, before it is deployed"
                yield Problem(str(own.at("applications")), message, fix)


def _renamed(root: Path, environments: Sequence[Settings], place: Place) -> Iterator[Problem]:
    """Environments whose Applications were generated under other names, and may be deployed under these."""
    for one in environments:
        name = f"argocd/{one.environment}/root.yaml"
        written = read_mapping(root / name, name, SYNTH)[0] if (root / name).is_file() else {}
        metadata = written.get("metadata")
        before = metadata.get("name", one.applications) if isinstance(metadata, dict) else one.applications
        if before != one.applications:
            own = place.at("environments", one.environment, "applications")
            message = f"the Applications of {one.environment} are called {before}, not {one.applications}"
            danger = f"Argo CD would delete {before} with all that it has deployed"
            fix = f"write applications: {before}; where nothing is deployed, delete argocd/{one.environment}"
            live = "to rename what is deployed, hand it over by the steps of docs/environments.md, which delete nothing"
            yield Problem(str(own), f"{message}: {danger}", f"{fix}; {live}")


def is_old(raw: Mapping[str, Any]) -> bool:
    """Whether it is the content of a settings file as it was when there was one environment."""
    return "environments" not in raw and any(key in raw for key in OLD_KEYS)


def _environment(
    root: Path, catalogue: Catalogue, repository: str, name: Any, raw: Any, place: Place
) -> tuple[Settings | None, list[Problem]]:
    """One environment; None where a part of it is wrong."""
    own = place.at("environments", str(name))
    if not isinstance(name, str) or not ENVIRONMENT.fullmatch(name):
        fix = f"use lower-case letters, digits and -, at most 32, and neither {COMPONENTS} nor install"
        return None, [Problem(str(own), f"environment {name!r} is not a legal name", fix)]
    if not isinstance(raw, dict):
        return None, [Problem(str(own), f"environment {name} is {raw!r}", "write its settings, such as revision: main")]
    problems = list(problems_of_environment(root, catalogue, raw, own))
    pins, of_pins = _pins(root, name, catalogue)
    if problems or of_pins:
        return None, [*problems, *of_pins]
    cluster = raw.get("cluster", IN_CLUSTER)
    return Settings(
        repository=repository,
        revision=raw["revision"],
        environment=name,
        host=raw.get("host", catalogue.host),
        traits=tuple(raw.get("traits") or ()),
        applications=raw.get("applications", f"{catalogue.name}-{name}"),
        cluster=IN_CLUSTER if cluster == IN_CLUSTER_NAME else cluster,
        registry=raw.get("registry"),
        nodes=read_nodes(raw, catalogue, own)[0],
        tiers=_tiers(raw, catalogue, own)[0],
        **pins,
        kinds=_kinds(raw, own)[0],
        dns=read_dns(raw, catalogue.namespaces, own)[0],
        options=Options(object_store=read_object_store(raw, catalogue, own)[0], backups=read_backups(raw, own)[0]),
    ), []


def problems_of_environment(
    root: Path, catalogue: Catalogue, raw: Mapping[str, Any], place: Place
) -> Iterator[Problem]:
    """What is wrong with the settings of one environment."""
    yield from _unknown_keys(raw, place, OF_ENVIRONMENT)
    yield from _texts(raw, place, "revision", *(key for key in ("applications", "cluster") if key in raw))
    yield from _registry(raw, place)
    if "host" in raw:
        yield from _host(catalogue, raw["host"], str(place.at("host")))
    yield from problems_of_traits(root, catalogue, raw, place)
    yield from read_nodes(raw, catalogue, place)[1]
    yield from _tiers(raw, catalogue, place)[1]
    yield from _kinds(raw, place)[1]
    yield from read_dns(raw, catalogue.namespaces, place)[1]
    yield from read_object_store(raw, catalogue, place)[1]
    yield from read_backups(raw, place)[1]
    yield from problems_of_options(catalogue, raw, place)


def _unknown_keys(raw: Mapping[str, Any], place: Place, known: tuple[str, ...]) -> Iterator[Problem]:
    """One problem for each key that nothing reads."""
    for key in raw:
        if key not in known:
            yield Problem(str(place.at(key)), f"{key!r} is not a known setting", f"use {', '.join(known)}")


TEXTS = {
    "repository": (REPOSITORY, "https://git.example/platform.git"),
    "revision": (REVISION, "main"),
    "applications": (APPLICATIONS, "platform-staging"),
    "cluster": (CLUSTER, "staging, a name that Argo CD knows, or https://staging.example:6443"),
}
"""Key -> what its value looks like, and an example."""


def _texts(raw: Mapping[str, Any], place: Place, *keys: str) -> Iterator[Problem]:
    """What is wrong with these values, each of which is a text."""
    for key in keys:
        value, (pattern, example), where = raw.get(key), TEXTS[key], str(place.at(key))
        if not isinstance(value, str) or not pattern.fullmatch(value):
            message = f"{key} is missing" if value is None else f"{key} is {value!r}"
            yield Problem(where, message, f"write something like {key}: {example}")
        elif SECRET_URL.search(value):
            fix = "take it out, and give Argo CD the credentials as docs/argo-cd.md says"
            yield Problem(where, f"{key} has a password in its address", fix)


def _host(catalogue: Catalogue, host: Any, where: str) -> Iterator[Problem]:
    if not is_host(host):
        fix = "use lower-case letters, digits, dashes and dots, such as staging.example"
        yield Problem(where, f"{host!r} is not a valid host", fix)
    elif not catalogue.host:
        yield Problem(where, "the platform has no host: nothing is published", "remove it")


def _registry(raw: Mapping[str, Any], place: Place) -> Iterator[Problem]:
    value, where = raw.get("registry"), str(place.at("registry"))
    if isinstance(value, str) and "@" in value:
        fix = "write the host, its port and a path alone; the builder has the password: docs/environments.md"
        yield Problem(where, "registry has a user, a password or a digest in it", fix)
    elif "registry" in raw and not (isinstance(value, str) and is_registry(value)):
        yield Problem(where, f"registry is {value!r}", "write something like registry: registry.example/team")


def _tiers(raw: Mapping[str, Any], catalogue: Catalogue, place: Place) -> tuple[tuple[str, ...], list[Problem]]:
    """All tiers where none are named; optional ones may be left out."""
    tiers, optional = catalogue.tiers, sorted(map(str, catalogue.optional_tiers))
    names, where = raw.get("tiers"), place.at("tiers")
    if names is None:
        return tiers, []
    if not isinstance(names, list):
        return (), [Problem(str(where), "tiers is not a list", f"list some of {', '.join(tiers)}")]
    problems = [
        Problem(str(where.at(number)), f"{name!r} is not a known tier", f"use {', '.join(tiers)}")
        for number, name in enumerate(names)
        if name not in tiers
    ]
    for tier in tiers:
        if tier not in names and tier not in optional:
            fix = f"add it; only {' and '.join(optional) or 'none'} may be left out"
            problems.append(Problem(str(where), f"tier {tier} is missing", fix))
    return tuple(tier for tier in tiers if tier in names), problems


def _kinds(raw: Mapping[str, Any], place: Place) -> tuple[tuple[tuple[str, str], ...], list[Problem]]:
    """(API group, kind), sorted; the group is empty for the core group."""
    fix = "list kinds like ConfigMap or autoscaling/HorizontalPodAutoscaler"
    names, where = raw.get("kinds"), place.at("kinds")
    if not isinstance(names, list | None):
        return (), [Problem(str(where), "kinds is not a list", fix)]
    matches = [KIND.fullmatch(name) if isinstance(name, str) else None for name in names or []]
    problems = [
        Problem(str(where.at(number)), f"{name!r} is not a kind", fix)
        for number, (name, match) in enumerate(zip(names or [], matches, strict=True))
        if not match
    ]
    return tuple(sorted({(match[1] or "", match[2]) for match in matches if match})), problems


def _pins(root: Path, environment: str, catalogue: Catalogue) -> tuple[dict[str, Any], list[Problem]]:
    """The fields of the settings that the file of pins gives, and what is wrong with it."""
    path = pins_path(root, environment)
    if not path.exists():
        return {}, []
    name = f"pins/{path.name}"
    raw, problems = read_mapping(path, name, f"delete it, or run `{COMMAND} release`")
    fix = f"run `{COMMAND} release` again"
    autoscaled = raw.pop(AUTOSCALED, {})
    if not _deployments_of_tiers(autoscaled, catalogue):
        problems.append(Problem(name, f"{AUTOSCALED} is {autoscaled!r}, which is not what a release writes", fix))
    for tier, commit in raw.items():
        if tier not in catalogue.tiers:
            problems.append(Problem(name, f"{tier!r} is not a known tier", fix))
        elif not isinstance(commit, str) or not COMMIT.fullmatch(commit):
            problems.append(Problem(name, f"{tier} is pinned to {commit!r}, which is not a full commit id", fix))
    if problems:
        return {}, problems
    lists = tuple((tier, tuple(deployments)) for tier, deployments in sorted(autoscaled.items()))
    return {"pins": tuple(sorted(raw.items())), "autoscaled": lists}, []


def _deployments_of_tiers(value: Any, catalogue: Catalogue) -> bool:
    return isinstance(value, dict) and all(
        tier in catalogue.tiers
        and isinstance(deployments, list)
        and all(isinstance(one, str) and DEPLOYMENT.fullmatch(one) for one in deployments)
        for tier, deployments in value.items()
    )
