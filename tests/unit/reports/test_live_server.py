"""The server of the live page: on loopback, for its own machine's browser, without a trace in the folders."""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from example import write_example
from growing import Growing

from selftaught.errors import Refusal
from selftaught.reports.live import page as live_page
from selftaught.reports.live.page import LivePage
from selftaught.reports.live.server import HERE, Server

SIMCLR, BYOL = "simclr/seed-0", "byol/seed-0"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_example(tmp_path_factory.mktemp("whole"), contestants=["simclr", "byol"], count=60)


@pytest.fixture
def growing(whole: Path, tmp_path: Path) -> Growing:
    found = Growing(whole, tmp_path / "out")
    found.plan()
    found.train(SIMCLR, 0.25)
    return found


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    started: list[tuple[Server, threading.Thread]] = []

    def start(answer: Any) -> Server:
        server = Server(0, answer)
        thread = threading.Thread(target=server.serve_until_stopped)
        thread.start()
        started.append((server, thread))
        return server

    yield start
    for server, thread in started:
        server.shutdown()
        thread.join()


def ask(server: Server, path: str = "/", method: str = "GET", **headers: str) -> Any:
    connection = http.client.HTTPConnection(HERE, server.server_address[1], timeout=30)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    answer.body = answer.read().decode()  # type: ignore[attr-defined]
    connection.close()
    return answer


def test_the_page_grows_with_the_folder_and_is_sent_only_when_it_changed(
    growing: Growing, serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_page, "SHARE", 0)
    before = contents(growing.directory)
    server = serve(LivePage(growing.directory).answer)
    first = ask(server)
    assert first.status == 200
    assert "25 %, about" in first.body
    assert "<b>Live</b>" in first.body
    assert contents(growing.directory) == before, "nothing is written into what is watched"
    mark = first.headers["ETag"]
    again = ask(server, **{"If-None-Match": mark})
    assert (again.status, again.body) == (304, "")
    growing.finish(SIMCLR)
    changed = ask(server, **{"If-None-Match": mark})
    assert changed.status == 200
    assert "1 of 2 runs finished" in changed.body
    assert "Results" in changed.body
    growing.finish(BYOL)
    growing.record(SIMCLR, BYOL)
    assert "<b>Finished</b><span>All 2 runs have finished" in ask(server).body


def contents(directory: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in directory.rglob("*")
    }


def test_the_page_rests_so_that_the_training_has_the_cores(
    growing: Growing, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[float] = []
    render = live_page.render
    monkeypatch.setattr(live_page, "render", lambda *given: made.append(0) or render(*given))
    page = LivePage(growing.directory)
    mark, _ = page.answer()
    growing.train(SIMCLR, 0.5)
    assert page.answer()[0] == mark, "what was written just now waits"
    assert len(made) == 1
    page.rested = time.monotonic()
    assert page.answer()[0] != mark
    assert page.answer() == page.answer()
    assert len(made) == 2


def test_other_names_other_paths_and_other_methods_are_refused(
    serve: Callable[..., Server],
) -> None:
    server = serve(lambda: ("mark", b"secret"))
    port = server.server_address[1]
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", "localhost:8000", "[::1]:9"):
        assert ask(server, Host=host).body == "secret", "a tunnel may use another port"
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", ""):
        found = ask(server, Host=host)
        assert (found.status, "secret" in found.body) == (403, False), host
    for path in ("/results.json", "/../secret"):
        assert ask(server, path).status == 404, path
    assert ask(server, method="POST").status == 501
    assert ask(server, method="HEAD").body == ""
    assert ask(server).headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in ask(server).headers


def test_a_port_that_is_taken_is_refused(serve: Callable[..., Server]) -> None:
    port = serve(lambda: ("", b"")).server_address[1]
    with pytest.raises(Refusal, match=f"--port {port} cannot be had .*leave it out"):
        Server(port, lambda: ("", b""))


WATCH = """
import sys
from selftaught.cli import main
say = sys.modules["selftaught.cli.looking"].say
def first(sentence):
    heavy = {"torch", "numpy", "yaml", "sklearn", "jinja2"} & set(sys.modules)
    say(f"{sentence} HEAVY={sorted(heavy)}")
    sys.modules["selftaught.cli.looking"].say = say
sys.modules["selftaught.cli.looking"].say = first
main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_address_comes_before_anything_heavy_and_a_signal_ends_it(
    number: signal.Signals, growing: Growing
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WATCH, "watch", str(growing.directory)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("http://127.0.0.1:"), line
        assert "HEAVY=[]" in line
        port = int(line.split(":")[2].split("/")[0])
        connection = http.client.HTTPConnection(HERE, port, timeout=300)
        if number == signal.SIGINT:
            connection.request("GET", "/")
            assert connection.getresponse().read().startswith(b"<!DOCTYPE html>")
        connection.close()
        process.send_signal(number)
        out, err = process.communicate(timeout=300)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, out) == (0, "")
    assert err.strip() == "Ended. Runs that go on are not touched by it."
