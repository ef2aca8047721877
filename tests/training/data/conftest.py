"""What the data tests share: the two datasets, the planted files, a web server on loopback."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest

from contract.dataset import Dataset
from tests.harness.loopback import QuietHandler, serve_until_end
from tests.patience import LAST_RESORT_SECONDS
from training.data.dataset_file import load_dataset
from training.data.load import load_table
from training.data.sources import uci
from training.data.table import Table

Answer = Callable[[socket.socket], None]

PLANTED = Path(__file__).parents[2] / "data"


@dataclass
class Web:
    """Bytes by path; what is not there is 404, what is None is never answered."""

    url: str = ""
    pages: dict[str, bytes | None] = field(default_factory=dict)
    closing: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def web() -> Iterator[Web]:
    site = Web()

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            page = site.pages.get(self.path, b"404")
            if page is None:
                site.closing.wait(LAST_RESORT_SECONDS)
                return
            self.send_response(404 if page == b"404" else 200)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    with serve_until_end(server):
        yield site
        site.closing.set()


@pytest.fixture
def answer_with() -> Iterator[Callable[[Answer], str]]:
    """The URL of a server that answers every request by the given function, until the other side has gone."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def serve(answer: Answer) -> None:
        with listener.accept()[0] as connection:
            connection.recv(65536)
            try:
                answer(connection)
            except OSError:
                return

    def start(answer: Answer) -> str:
        threads.append(threading.Thread(target=serve, args=(answer,)))
        threads[0].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/rows.csv?token=secret"

    yield start
    for thread in threads:
        thread.join()
    listener.close()


def serve_uci(web: Web, frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    """`web` answers as UCI does for dataset 601."""
    roles = dict.fromkeys(frame, "Feature") | {frame.columns[0]: "ID"} | dict.fromkeys(frame.columns[8:], "Target")
    metadata = {
        "uci_id": 601,
        "name": "AI4I 2020",
        "data_url": f"{web.url}/data.csv",
        "variables": [{"name": name, "role": role} for name, role in roles.items()],
        "additional_info": None,
        "intro_paper": None,
    }
    web.pages["/api?id=601"] = json.dumps({"status": 200, "data": metadata}).encode()
    web.pages["/data.csv"] = frame.to_csv(index=False).encode()
    monkeypatch.setattr(uci, "API_URL", f"{web.url}/api")


@pytest.fixture(scope="session")
def ai4i() -> Dataset:
    return load_dataset("ai4i")


@pytest.fixture(scope="session")
def churn() -> Dataset:
    return load_dataset(str(PLANTED / "datasets" / "churn.yaml"))


@pytest.fixture(scope="session")
def charges() -> Dataset:
    return load_dataset(str(PLANTED / "datasets" / "charges.yaml"))


@pytest.fixture(scope="session")
def planted() -> Callable[[str], str]:
    """The path of tests/data/rows-NAME."""
    return lambda name: str(PLANTED / f"rows-{name}")


@pytest.fixture(scope="session")
def table(ai4i: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Table:
    return load_table(ai4i, "generator", tmp_path_factory.mktemp("rejected") / "rows.csv", rows=4000, seed=3)
