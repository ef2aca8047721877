"""Ceiling: the bare model calls in a tight loop without a server, in microseconds, as one line of JSON."""

import argparse
import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import xgboost


def time_call(call: Callable[[], object], seconds: float) -> float:
    """The median duration of a call in microseconds, over `seconds`."""
    durations = []
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        call()
        durations.append((time.perf_counter() - start) * 1e6)
    return statistics.median(durations)


def xgboost_call(model: Path, rows: np.ndarray, threads: int) -> Callable[[], object]:
    booster = xgboost.Booster({"nthread": threads}, model_file=str(model))
    return lambda: booster.inplace_predict(rows)


def onnx_call(model: Path, rows: np.ndarray) -> Callable[[], object]:
    """One row a call, each in turn."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    given = itertools.cycle([{name: rows[index : index + 1]} for index in range(len(rows))])
    return lambda: session.run(None, next(given))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--rows", type=Path, required=True, help="a float32 .npy of shape (rows, features)")
    parser.add_argument("--seconds", type=float, default=1.0)
    given = parser.parse_args()
    rows = np.load(given.rows)
    model, onnx = given.bundle / "model.ubj", given.bundle / "model.onnx"
    calls = {
        "xgboost, one row": xgboost_call(model, rows[:1], 1),
        f"xgboost, {len(rows):,} rows, one thread": xgboost_call(model, rows, 1),
        f"xgboost, {len(rows):,} rows, all cores": xgboost_call(model, rows, 0),
    }
    if onnx.exists():
        calls["onnxruntime, one row, a different one each time"] = onnx_call(onnx, rows[:64])
        calls["onnxruntime, one row, always the same"] = onnx_call(onnx, rows[:1])
    json.dump({name: time_call(call, given.seconds) for name, call in calls.items()}, sys.stdout)


if __name__ == "__main__":
    main()
