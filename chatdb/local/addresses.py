"""Where a local platform answers, for people and for shells."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from chatdb.local.parts import JOBS
from chatdb.local.site import HOST, Site
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.types.microservice.spec import Microservice


def addresses(site: Site) -> dict[str, str]:
    """Where each port that is served answers, by component and port."""
    return {f"{name}:{port}": f"{HOST}:{number}" for (name, port), number in sorted(site.ports.items())}


def exported(site: Site) -> dict[str, str]:
    """What the setup Jobs are told, who are the administrators, and the URLs of the services, by variable."""
    variables: dict[str, str] = {}
    for component in site.platform.components:
        if component.type in JOBS:
            variables |= site.told(component)
    for component in site.platform.of_type(Microservice.name):
        for name, template in site.platform.catalogue.component(component.name).port("http").env.items():
            variables[name] = template.format(host=HOST, port=site.number(component, "http"))
    return variables


def shell_exports(site: Site) -> str:
    """The same, for a shell."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(exported(site).items()))


def service_urls(platform: ResolvedPlatform, told: Mapping[str, str]) -> dict[str, str]:
    """Where each service is that the variables tell of, by component."""
    return {
        component.name: told[name]
        for component in platform.of_type(Microservice.name)
        for name in platform.catalogue.component(component.name).port("http").env
        if name in told
    }


def read_exports(path: Path) -> dict[str, str]:
    """What a running platform has written there; InvalidInput where none has."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        message = f"no platform runs on this machine, or it did not write {path.name}"
        raise InvalidInput([Problem("local", message, "run `chatdb local up` in another shell")]) from None
    pairs = (word.partition("=") for word in shlex.split(text) if "=" in word)
    return {name: value for name, _, value in pairs}
