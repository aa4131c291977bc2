"""Where a local platform answers, for people and for shells."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from constructs_lib.catalogue.model import Catalogue, Kind
from constructs_lib.local.parts import JOBS
from constructs_lib.local.site import HOST, Site
from constructs_lib.problem import InvalidInput, Problem


def addresses(site: Site) -> dict[str, str]:
    """Where each port that is served answers, by component and port."""
    return {f"{name}:{port}": f"{HOST}:{number}" for (name, port), number in sorted(site.ports.items())}


def exported(site: Site) -> dict[str, str]:
    """What the setup Jobs are told, who are the administrators, and the URLs of the services, by variable."""
    found: dict[str, str] = {}
    for component in site.catalogue.components:
        if component.kind in JOBS:
            found |= site.told(component)
        if component.kind is Kind.MICROSERVICE:
            for name, template in component.port("http").env.items():
                found[name] = template.format(host=HOST, port=site.number(component, "http"))
    return found


def shell_exports(site: Site) -> str:
    """The same, for a shell."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(exported(site).items()))


def service_urls(catalogue: Catalogue, told: Mapping[str, str]) -> dict[str, str]:
    """Where each service is that the variables tell of, by component."""
    return {
        component.name: told[name]
        for component in catalogue.components
        if component.kind is Kind.MICROSERVICE
        for name in component.port("http").env
        if name in told
    }


def read_exports(path: Path) -> dict[str, str]:
    """What a running platform has written there; InvalidInput where none has."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        what = f"no platform runs on this machine, or it did not write {path.name}"
        raise InvalidInput([Problem("local", what, "run `chatdb local up` in another shell")]) from None
    pairs = (word.partition("=") for word in shlex.split(text) if "=" in word)
    return {name: value for name, _, value in pairs}
