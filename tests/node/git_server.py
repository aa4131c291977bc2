"""Git repositories of a folder by HTTP, as git's own backend serves them: anybody may fetch, and nobody push.

Usage: git_server.py FOLDER ADDRESS PORT
"""

import os
import subprocess
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

VARIABLES = {
    "CONTENT_TYPE": "Content-Type",
    "GIT_PROTOCOL": "Git-Protocol",
    "HTTP_CONTENT_ENCODING": "Content-Encoding",
}
"""What CGI passes on of a request's headers (RFC 3875, and git-http-backend's own page)."""


class Handler(BaseHTTPRequestHandler):
    """One request: a run of `git http-backend`."""

    folder = ""

    def do_GET(self) -> None:
        """What there is."""
        self._answer(b"")

    def do_POST(self) -> None:
        """What the client wants of it."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            self._answer(b"".join(iter(self._chunk, b"")))
        else:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().partition(b";")[0], 16)
        block = self.rfile.read(size)
        self.rfile.readline()
        return block

    def _answer(self, body: bytes) -> None:
        url = urlsplit(self.path)
        variables = {name: self.headers[header] for name, header in VARIABLES.items() if header in self.headers}
        variables |= {
            "CONTENT_LENGTH": str(len(body)),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROJECT_ROOT": self.folder,
            "PATH_INFO": url.path,
            "QUERY_STRING": url.query,
            "REQUEST_METHOD": self.command,
        }
        line = ["git", "-c", "safe.directory=*", "http-backend"]
        done = subprocess.run(line, input=body, env=os.environ | variables, stdout=subprocess.PIPE, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(entry.split(": ", 1) for entry in head.decode().splitlines())
        status = HTTPStatus.INTERNAL_SERVER_ERROR if done.returncode else HTTPStatus.OK
        self.send_response(int(headers.pop("Status", str(status.value)).split()[0]))
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(content)


def main(folder: str, address: str, port: str) -> None:
    """Never ends by itself."""
    Handler.folder = folder
    ThreadingHTTPServer((address, int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
