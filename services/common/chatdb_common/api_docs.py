"""The page that documents a service's HTTP API: Swagger UI, served by the service itself, with relative links only.

What is below the service's name in `/docs` is published under the same path behind an ingress that strips a prefix, so
one relative link is right on both sides.
"""

from pathlib import Path
from typing import Literal

import fastapi_standalone_docs
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

DOCS = "/docs"
FILES = Path(fastapi_standalone_docs.__file__).parent / "static/swagger"
DOCUMENT = "openapi.json"
API = "../.."
"""Where the paths of the API begin, as the document's own address sees it."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' "
    "'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'",
}


def document_path(service: str) -> str:
    """The path of the OpenAPI document."""
    return f"{DOCS}/{service}/{DOCUMENT}"


def add_page(app: FastAPI, service: str) -> None:
    """Serve the page at `/docs/<service>/` and redirect to it from what is shorter."""

    @app.get(DOCS, include_in_schema=False)
    def docs() -> RedirectResponse:
        return RedirectResponse(f"docs/{service}/")

    @app.get(f"{DOCS}/{service}", include_in_schema=False)
    def without_slash() -> RedirectResponse:
        return RedirectResponse(f"{service}/")

    @app.get(f"{DOCS}/{service}/", include_in_schema=False)
    def page() -> HTMLResponse:
        html = get_swagger_ui_html(
            openapi_url=DOCUMENT,
            title=f"{service}: API",
            swagger_js_url="swagger-ui-bundle.js",
            swagger_css_url="swagger-ui.css",
            swagger_favicon_url="data:,",
        )
        return HTMLResponse(html.body, headers=HEADERS)

    @app.get(f"{DOCS}/{service}/{{name}}", include_in_schema=False)
    def file(name: Literal["swagger-ui-bundle.js", "swagger-ui.css"]) -> FileResponse:
        return FileResponse(FILES / name)
