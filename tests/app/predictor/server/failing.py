"""The predictor whose load ends as nobody foresaw: `FAULT=MemoryError python -m tests.app.predictor.server.failing`.

A FAULT of `hang` never ends, as a folder may that is no longer there.
"""

import builtins
import os
import threading
from typing import Any

from app.predictor.server import start
from app.predictor.server.signals import end_process, stop_at_signals


def fail(*given: object) -> Any:
    fault = os.environ["FAULT"]
    if fault == "hang":
        threading.Event().wait()
    raise getattr(builtins, fault)("of the innards\nin two lines")


if __name__ == "__main__":
    stop_at_signals()
    start.prepare_libraries()
    from app.predictor.scoring import loading

    vars(loading)["load_model"] = fail
    end_process(start.main())
