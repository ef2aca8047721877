"""Serves one bundle: `python -m app.predictor --bundle DIR --port N`."""

from app.predictor.server.signals import end_process, stop_at_signals


def run() -> int:
    """The exit code, as of `app.predictor.server.start.main`."""
    from app.predictor.server.start import main  # noqa: PLC0415 - most of the start; a signal may come meanwhile

    return main()


if __name__ == "__main__":
    stop_at_signals()
    end_process(run())
