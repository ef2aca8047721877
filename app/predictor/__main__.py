"""Serves one bundle: `python -m app.predictor --bundle DIR --port N`."""

from app.predictor.server.signals import end_process, stop_at_signals


def run() -> int:
    """The exit code, as of `app.predictor.server.start.main`."""
    # the libraries' import takes most of the start, and a signal may come meanwhile
    from app.predictor.server.start import main  # noqa: PLC0415

    return main()


if __name__ == "__main__":
    stop_at_signals()
    end_process(run())
