"""XGBoost's own loader given a model file with one flipped bit, each in a process of its own; one line of JSON.

Says how many were refused, crashed or hung it, changed the scores, or changed nothing.
"""

import argparse
import json
import os
import random
import resource
import signal
import sys
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import xgboost
from numpy.typing import NDArray

TIMEOUT_SECONDS = 10
TOLERANCE = 1e-6
SAME, CHANGED, REFUSED = 0, 10, 11
NAMES = {SAME: "same", CHANGED: "changed", REFUSED: "refused"}


def flip_bit(content: bytes, position: int) -> bytes:
    """`position` counts bits from the start of the file."""
    flipped = bytearray(content)
    flipped[position // 8] ^= 1 << position % 8
    return bytes(flipped)


def score(content: bytes, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(content))
    scores: NDArray[np.float32] = booster.inplace_predict(rows)
    return scores


def judge(content: bytes, rows: NDArray[np.float32], expected: NDArray[np.float32]) -> int:
    try:
        found = score(content, rows)
    except (xgboost.core.XGBoostError, ValueError):
        return REFUSED
    return SAME if found.shape == expected.shape and np.allclose(found, expected, 0, TOLERANCE) else CHANGED


def score_apart(content: bytes, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """As `score`, in a child: OpenMP that has run in this process would hang in every child after it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, score(content, rows).tobytes())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with open(reader, "rb") as answer:
        return np.frombuffer(answer.read(), np.float32)


def try_flip(content: bytes, rows: NDArray[np.float32], expected: NDArray[np.float32]) -> str:
    """What became of a child that loads `content` and scores."""
    child = os.fork()
    if child == 0:
        signal.alarm(TIMEOUT_SECONDS)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # a crash writes to standard error what nobody reads 300 times
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os._exit(judge(content, rows, expected))
    _, status = os.waitpid(child, 0)
    return "crashed" if os.WIFSIGNALED(status) else NAMES.get(os.waitstatus_to_exitcode(status), "crashed")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--rows", type=Path, required=True, help="a float32 .npy of shape (rows, features)")
    parser.add_argument("--flips", type=int, required=True)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    content, rows = given.model.read_bytes(), np.load(given.rows)
    expected = score_apart(content, rows)
    picks = random.Random(0)
    positions = [picks.randrange(len(content) * 8) for _ in range(given.flips)]
    found = Counter(try_flip(flip_bit(content, position), rows, expected) for position in positions)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
