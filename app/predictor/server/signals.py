"""What a signal does while the server does not listen to signals itself yet, and how the process ends."""

import contextlib
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def stop_at_signals() -> None:
    """From here on a signal that asks to stop ends the process at once, with 0: nothing is under way.

    The kernel would drop it for process 1 of a container, and Python would show a traceback for Ctrl-C. Whoever ignores
    one, as `nohup` does, goes on ignoring it.
    """
    for one in STOPPING:
        if signal.getsignal(one) is not signal.SIG_IGN:
            signal.signal(one, _stop)


def _stop(sig: int, frame: FrameType | None) -> NoReturn:
    os._exit(0)


def end_process(code: int) -> NoReturn:
    """Ends the process without waiting for its threads: one may hang in a folder or a library for ever."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # full, closed, or there is none
            stream.flush()
    os._exit(code)
