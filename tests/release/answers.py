"""A server on loopback that gives one answer to everything."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer

from tests.harness.loopback import QuietHandler, serve_until_end


@contextmanager
def answer_always(status: int, body: bytes = b"") -> Iterator[str]:
    """Its host and port."""

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.do_GET()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with serve_until_end(server):
        yield f"127.0.0.1:{server.server_port}"
