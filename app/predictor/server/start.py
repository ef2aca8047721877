"""The start: reads the settings, listens, and serves until the process is asked to stop."""

import argparse
import contextlib
import gc
import ipaddress
import logging
import os
import socket
import sys
from pathlib import Path

from app.predictor.auth.key_file import KeyFileError
from app.predictor.logs import LineHandler, configure_logs, log_event
from app.predictor.prediction_log.files import LogFolderError
from app.predictor.receipts.receipts import ReceiptKeyError
from app.predictor.receipts.used_receipts import FeedbackFolderError
from app.predictor.server.listener import PortError, listen, multiply
from app.predictor.settings import Settings, SettingsError, read_settings
from contract.errors import ContractError

BAD_INPUT = 2  # exit code, as of every command here
UNEXPECTED = 1
FORESEEN = (
    SettingsError,
    PortError,
    KeyFileError,
    ReceiptKeyError,
    FeedbackFolderError,
    LogFolderError,
)  # and ContractError


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """What the command line says; everything else is a setting in the environment."""
    parser = argparse.ArgumentParser(
        prog="python -m app.predictor",
        description="Serve a bundle over HTTP.",
        epilog="Every setting is an environment variable LATHE_<NAME>: see docs/settings.md.",
    )
    for name, kind in (("bundle", Path), ("host", str), ("port", int)):
        field = Settings.model_fields[name]
        parser.add_argument(f"--{name}", type=kind, help=f"{field.description} (default {field.default})")
    return parser.parse_args(arguments)


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 after a stop that was asked for, 2 if it cannot serve, 1 if nobody foresaw why."""
    given = parse_arguments(arguments)
    try:
        settings = read_settings(**vars(given))
        listener = listen(settings, settings.port)
        aside = None if settings.metrics_port is None else listen(settings, settings.metrics_port)
    except (SettingsError, PortError) as error:
        return give_up(error)
    log = configure_logs(settings.log_level)
    host, port = listener.getsockname()[:2]
    elsewhere = {} if aside is None else {"metrics_port": aside.getsockname()[1]}
    log_event("listening", host=host, port=port, **elsewhere, bundle=str(settings.bundle))
    if settings.api_keys_file is None and not is_loopback(settings.host):
        log_event("no API keys are set: anyone who reaches this address can ask", logging.WARNING, host=host)
    if settings.receipt_key_file is None:
        log_event("no receipt key is set: receipts are only good for this process, until it stops")
    try:
        return serve(settings, listener, aside, log)
    except Exception as error:
        log_event("start_failed", logging.CRITICAL, exc_info=True)
        return give_up(error)


def give_up(error: BaseException) -> int:
    """Says in the last line why nothing is served, the exit code."""
    is_foreseen = isinstance(error, (*FORESEEN, ContractError))
    with contextlib.suppress(OSError):
        print(error if is_foreseen else f"the predictor cannot serve: {describe(error)}", file=sys.stderr, flush=True)
    return BAD_INPUT if is_foreseen else UNEXPECTED


def describe(error: BaseException) -> str:
    """Type and text in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def prepare_libraries() -> None:
    """What has to be said before XGBoost and ONNX Runtime are first imported."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # it would tell its maker of every start
    # OpenMP's threads spin while they wait: with one busy neighbour a batch takes six times as long
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    for name in ("sklearn", "pandas", "xgboost.plotting"):
        # XGBoost imports them where it can, and its own estimators after the last one: where all are installed it is
        # 4 s and 130 MB that serving never uses
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]


def serve(settings: Settings, listener: socket.socket, aside: socket.socket | None, log: LineHandler) -> int:
    prepare_libraries()
    gc.disable()  # a tenth of the start would go into looking for garbage among the libraries
    from app.predictor.scoring.loading import begin_loading  # noqa: PLC0415 - after prepare_libraries

    loading = begin_loading(settings)
    from app.predictor.application import create_app  # noqa: PLC0415 - while the model is loaded
    from app.predictor.server.server import Server  # noqa: PLC0415 - while the model is loaded

    try:
        server = Server(create_app(settings), loading, aside)
    except FORESEEN as error:
        return give_up(error)
    log.count_drop = server.application.services.counters.count_dropped_line
    server.run(sockets=multiply(listener))
    if server.application.services.prediction_log is not None:
        server.application.services.prediction_log.close()
    return 0 if server.load_error is None else give_up(server.load_error)
