"""`python -m app.monitor.dashboards`: writes the dashboards, or says whether they are as the code has them."""

from typing import Annotated

import typer

from app.monitor.dashboards.files import list_changed, write_dashboards
from app.monitor.dashboards.place import FOLDER
from cli import console
from cli.errors import RefusedError
from cli.main import run_app

app = typer.Typer(name="python -m app.monitor.dashboards", add_completion=False, pretty_exceptions_enable=False)


@app.command()
def write(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit code 1 if a file differs.")] = False,
) -> None:
    """Write the dashboards as Grafana reads them."""
    if not check:
        for name in write_dashboards(FOLDER):
            console.print_done(f"{FOLDER / name} is written")
        return
    if changed := list_changed(FOLDER):
        raise RefusedError(
            f"{FOLDER} has other texts of {', '.join(changed)}; run `make dashboards-write` and commit them"
        )


if __name__ == "__main__":
    run_app(app, console.print_error)
