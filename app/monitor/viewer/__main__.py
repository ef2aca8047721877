"""`python -m app.monitor.viewer`: shows the dashboards as pages, until it is ended."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from app.monitor.annotations.marks import EventMark
from app.monitor.dashboards.place import FOLDER
from app.monitor.viewer.page import find_page, read_dashboards
from app.monitor.viewer.prometheus import find_scrape_interval, open_prometheus
from app.monitor.viewer.server import Content, ViewerServer
from cli import console
from cli.errors import InputError
from cli.files import read_file
from cli.main import run_app

MAX_BYTES = 64 * 1024 * 1024

app = typer.Typer(name="python -m app.monitor.viewer", add_completion=False, pretty_exceptions_enable=False)


def read_marks(path: Path | None) -> list[EventMark]:
    """Raises: InputError if it is not what `python -m app.monitor.annotations` prints."""
    if path is None:
        return []
    try:
        return msgspec.json.decode(read_file(path, MAX_BYTES), type=list[EventMark])
    except msgspec.DecodeError as error:
        raise InputError(f"{path} is not what `python -m app.monitor.annotations` prints: {error}") from error


@app.command()
def show(
    page: Annotated[Path, typer.Option("--page", help="The built page.")] = Path(".tools/viewer/page"),
    prometheus: Annotated[str, typer.Option("--prometheus", help="Its address.")] = "http://127.0.0.1:9090",
    marks: Annotated[Path | None, typer.Option("--marks", help="Annotations as JSON.")] = None,
    folder: Annotated[Path, typer.Option("--dashboards", help="Any folder of dashboards' JSON.")] = FOLDER,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 is any that is free.")] = 0,
) -> None:
    """Show the dashboards as pages, drawn from their JSON and a running Prometheus."""
    with open_prometheus(prometheus) as client:
        interval = find_scrape_interval(client)
        content = Content(find_page(page), read_dashboards(folder), client, interval, read_marks(marks))
        try:
            server = ViewerServer(content, port)
        except OSError as error:
            raise InputError(
                f"port {port} cannot be listened on: {error.strerror}; give another with --port"
            ) from error
        for name in content.dashboards:
            console.out.print(f"{server.url}/?dashboard={name}", soft_wrap=True, markup=False)
        console.out.print(
            f"from {client.base_url}, scraped each {interval}; Ctrl-C ends it", soft_wrap=True, markup=False
        )
        with server:
            server.serve_forever()


if __name__ == "__main__":
    run_app(app, console.print_error)
