"""A page on loopback: standard library alone, read only, and for this machine's own browser alone."""

import signal
import socketserver
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from selftaught.errors import Refusal

HERE = "127.0.0.1"

OURS = (HERE, "localhost", "::1")
"""The names that a request may call this server by. A page elsewhere on the web can make its own name mean
127.0.0.1, and would read what is served here (DNS rebinding): it is known by that name."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Answer = Callable[[], tuple[str, bytes]]
"""The page as it is now: a mark that changes with it, and the page."""


class Server(socketserver.ThreadingTCPServer):
    """Listens from the moment it is made; ``answer`` is asked at each request.

    Args:
        port: 0 takes a free one.
        answer: makes the page.

    Raises:
        Refusal: the port is taken, or is not this user's to take.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, answer: Answer) -> None:
        self.answer = answer
        try:
            super().__init__((HERE, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise Refusal(
                f"--port {port} cannot be had ({reason}); leave it out, and a free one is taken."
            ) from None

    @property
    def address(self) -> str:
        return f"http://{HERE}:{self.server_address[1]}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a browser that went away is no trouble
            super().handle_error(request, client_address)

    def serve_until_stopped(self, begun: Callable[[], None] = lambda: None) -> None:
        """Answer until Ctrl-C, SIGTERM or ``shutdown``; ``begun`` is called once they are listened to."""

        def stop(number: int, frame: FrameType | None) -> None:
            threading.Thread(target=self.shutdown).start()  # it waits for the loop that it ends

        before = {}
        if threading.current_thread() is threading.main_thread():
            before = {n: signal.signal(n, stop) for n in (signal.SIGINT, signal.SIGTERM)}
        try:
            begun()
            self.serve_forever(poll_interval=0.2)
        finally:
            self.server_close()
            for number, handler in before.items():
                signal.signal(number, handler)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version, sys_version = "Selftaught", ""
    timeout = 30  # seconds for a browser to say what it wants

    def do_GET(self) -> None:
        if urlsplit(f"//{self.headers.get('Host', '')}").hostname not in OURS:
            self._send(HTTPStatus.FORBIDDEN, b"This page is for the browser of its own machine.\n")
        elif urlsplit(self.path).path != "/":
            self._send(HTTPStatus.NOT_FOUND, b"There is one page here, at /.\n")
        else:
            mark, page = self.server.answer()
            if self.headers.get("If-None-Match") == f'"{mark}"':
                self._send(HTTPStatus.NOT_MODIFIED, b"")
            else:
                self._send(HTTPStatus.OK, page, "text/html", ETag=f'"{mark}"')

    def do_HEAD(self) -> None:
        self.do_GET()

    def _send(self, status: HTTPStatus, body: bytes, kind: str = "text/plain", **more: str) -> None:
        self.send_response(status)
        length = {"Content-Type": f"{kind}; charset=utf-8", "Content-Length": str(len(body))}
        for name, value in (HEADERS | length | more).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the terminal is the user's."""
