"""The predictor with a planted fault: `FAULT=error python -m tests.app.predictor.faulty`, then as the predictor.

The bundle loads as it should; from then on the engines fail as FAULT says, nothing can be noted of an outcome, and
the model card cannot be made.
"""

import os
import sys
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np

from app.predictor.server.start import main, prepare_libraries

SECRET = "s3cret of the innards"


def fail(*given: object) -> Any:
    raise RuntimeError(SECRET)


def answer_nan(rows: Any) -> Any:
    """A margin for each row."""
    return np.full(len(rows), np.nan, np.float32)


def plant(fault: str) -> None:
    from app.predictor import routes  # noqa: PLC0415 - as late as the server itself
    from app.predictor.application import Application  # noqa: PLC0415 - as late as the server itself
    from app.predictor.scoring.model import ServedModel  # noqa: PLC0415 - as late as the server itself

    install = Application.install_model

    def install_faulty(self: Application, model: ServedModel) -> None:
        engine: Any = model.engine
        engine.compute_margins = engine.compute_few = engine.compute_many = fail if fault == "error" else answer_nan
        engine.reference.explain_matrix = fail
        used_receipts: Any = self.services.used_receipts
        used_receipts.use = fail
        module: Any = routes
        module.msgspec = SimpleNamespace(structs=msgspec.structs, json=msgspec.json, to_builtins=fail)
        install(self, model)

    Application.install_model = install_faulty  # type: ignore[method-assign]


if __name__ == "__main__":
    prepare_libraries()
    plant(os.environ["FAULT"])
    sys.exit(main())
