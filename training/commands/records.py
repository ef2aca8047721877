"""Verbs that show or record what was made: bundle, report, MLflow."""

from pathlib import Path
from typing import Annotated

import typer

from cli import console
from cli.errors import InputError
from contract.bundle import read_bundle
from contract.soundness import check_manifest
from training import printing
from training.artifacts import Artifacts
from training.options import ARTIFACTS, Root


def inspect(
    bundle: Annotated[Path | None, typer.Argument(help="A bundle's folder. Default: what is served.")] = None,
) -> None:
    """Verify a bundle and show what is in it; one that could not be served is shown all the same, and refused."""
    from contract.compute.scoring import ReferenceModel, check_golden_rows

    folder = bundle or Artifacts().bundle
    inspected = read_bundle(folder)
    printing.print_bundle(inspected, folder)
    check_manifest(inspected.manifest)
    check_golden_rows(inspected, ReferenceModel.from_bundle(inspected).score_table)


def report(root: Root = ARTIFACTS) -> None:
    """Show the gate's last report in the terminal, and where its page is."""
    folder = Artifacts(root).gate
    text = folder / "report.md"
    if not text.is_file():
        raise InputError(f"{text} is not there: run `make gate` first")
    console.print_markdown(text.read_text(encoding="utf-8"))
    console.print_done(f"the page with plots: {folder / 'report.html'}")


def track(
    bundle: Annotated[Path | None, typer.Argument(help="Default: what was trained last.")] = None,
    root: Root = ARTIFACTS,
) -> None:
    """Log a trained bundle to MLflow, again or for the first time; it is registered once."""
    from training.local.stages import track_training

    artifacts = Artifacts(root)
    folder = bundle or artifacts.candidate
    track_training(artifacts, read_bundle(folder), folder)


def mlflow(
    root: Root = ARTIFACTS,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Where the page is.")] = 5000,
) -> None:
    """Open MLflow's page of all runs and models, or say where the server's is."""
    from training.local.local_predictor import check_port
    from training.tracking.page import find_page, open_file, serve_page

    if address := find_page(root):
        console.print_done(f"MLflow's page is {address}, as MLFLOW_TRACKING_URI says")
        return
    check_port(port)
    if note := open_file(root):
        console.print_warning(note)
    console.print_done(f"MLflow's page is http://127.0.0.1:{port} (Ctrl-C ends it)")
    serve_page(root, port)


def champion(
    bundle: Annotated[Path, typer.Option("--bundle", help="The released bundle's folder.")],
    release: Annotated[str, typer.Option("--release", help="Its version, vX.Y.Z.")],
    root: Root = ARTIFACTS,
) -> None:
    """Name a released bundle champion in MLflow; it is registered if MLflow does not know it."""
    from training.local.champion import name_released

    name_released(Artifacts(root), bundle, release)
