"""The pages: HTML without script, which loads nothing and works under any path."""

import re
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from test_service.figures import exact, figure, metric_rows, type_of
from test_service.questions import EXAMPLES, LONGEST_QUESTION

PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")
# A page has no script, loads nothing, sends forms to its own host only, and is in no other page.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
}
TEMPLATES = Environment(loader=PackageLoader("test_service", "."), autoescape=True, undefined=StrictUndefined)
TEMPLATES.globals |= {"longest": LONGEST_QUESTION, "examples": EXAMPLES}
TEMPLATES.filters |= {"exact": exact, "figure": figure, "metric_rows": metric_rows, "type_of": type_of}


def page(
    request: Request, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **context: Any
) -> HTMLResponse:
    """The template, filled in, with links for the path under which the request came."""
    base = _base(request.headers.get("x-forwarded-prefix", ""))
    content = TEMPLATES.get_template(template).render(base=base, **context)
    return HTMLResponse(content, status, headers={**HEADERS, **(headers or {})})


def _base(prefix: str) -> str:
    """What the page's links begin with; behind an ingress its address may end without a slash."""
    return f"{prefix}/" if PREFIX.fullmatch(prefix) else ""
