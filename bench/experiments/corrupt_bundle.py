"""One flipped bit, a cut or a swap in a bundle: does the server refuse it, and what does XGBoost do alone."""

import json
import random
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from app.contract.bundle import MANIFEST_NAME
from bench.contenders import Contender
from bench.environments import LATHE
from bench.errors import BenchError
from bench.experiments.experiment import Experiment, Outcome
from bench.model import ServedModel
from bench.places import ENVIRONMENTS, PEERS, WORK
from bench.servers import start_server

FLIPS_EACH_FILE = 6
CUTS_EACH_FILE = 2
RAW_TRIALS = 300
REFUSE_SECONDS = 30.0
BAD_INPUT = 2  # the exit code of a refusal; a traceback ends with 1
REFUSED = "refused in one line"
RAW_LOADER = PEERS / "raw_xgboost" / "load_flipped.py"

Damage = Callable[[Path], None]


def flip_bit(name: str, seed: int) -> Damage:
    def damage(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        position = random.Random(seed).randrange(len(content) * 8)  # noqa: S311 - a repeatable choice, no secret
        content[position // 8] ^= 1 << position % 8
        (folder / name).write_bytes(content)

    return damage


def cut_file(name: str, seed: int) -> Damage:
    def damage(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: random.Random(seed).randrange(len(content))])  # noqa: S311

    return damage


def list_damages(folder: Path) -> Iterator[tuple[str, Damage]]:
    """Every kind of damage with its name, for the files of the bundle in `folder`."""
    for name in sorted(path.name for path in folder.iterdir()):
        yield from ((f"a bit flipped in {name}", flip_bit(name, seed)) for seed in range(FLIPS_EACH_FILE))
        yield from ((f"{name} cut", cut_file(name, seed)) for seed in range(CUTS_EACH_FILE))
        yield f"{name} missing", lambda folder, name=name: (folder / name).unlink()  # type: ignore[misc]
        yield f"{name} empty", lambda folder, name=name: (folder / name).write_bytes(b"")  # type: ignore[misc]
    yield "a file too many", lambda folder: (folder / "extra").touch()


@contextmanager
def damaged_copy(source: Path, damage: Damage) -> Iterator[Path]:
    with TemporaryDirectory() as parent:
        folder = Path(parent) / "bundle"
        shutil.copytree(source, folder)
        damage(folder)
        yield folder


def start_damaged(contender: Contender, model: ServedModel, folder: Path) -> tuple[str, float]:
    """What a start with the bundle in `folder` came to, and the seconds it took."""
    start = time.monotonic()
    served = ServedModel(folder, model.name, model.columns, model.calibration, model.rows, model.matrix)
    server = start_server(contender, served)
    try:
        code = server.process.wait(REFUSE_SECONDS)
    except subprocess.TimeoutExpired:
        server.stop()
        return "served on", time.monotonic() - start
    elapsed = time.monotonic() - start
    if code < 0:
        return f"killed by signal {-code}", elapsed
    # the log holds the event lines, then one line for the person who started it
    plain = [line for line in server.log.read_text(errors="replace").splitlines() if not line.startswith("{")]
    if code == BAD_INPUT and len(plain) == 1:
        return REFUSED, elapsed
    return f"ended with {code} and {len(plain)} lines, not one", elapsed


def measure(contender: Contender, model: ServedModel, seconds: int) -> Outcome:
    """`seconds` is the time within which a refusal counts as quick."""
    found, slowest, details = Counter[str](), 0.0, dict[str, str]()
    for name, damage in list_damages(model.folder):
        with damaged_copy(model.folder, damage) as folder:
            outcome, elapsed = start_damaged(contender, model, folder)
        slowest = max(slowest, elapsed)
        kind = "refused" if outcome == REFUSED and elapsed <= seconds else outcome
        found[kind] += 1
        details[name] = outcome if details.get(name, outcome) == outcome else f"{details[name]}; {outcome}"
    total = found.total()
    bad = total - found["refused"] - sum(n for kind, n in found.items() if kind.startswith("killed"))
    crashed = sum(n for kind, n in found.items() if kind.startswith("killed"))
    return Outcome([str(total), str(found["refused"]), str(crashed), str(bad), "–", f"{slowest:.2f}"], details)  # noqa: RUF001


def compare_raw(model: ServedModel) -> tuple[str, Outcome]:
    """XGBoost's own reader on the model file alone, each flip in a process of its own.

    Raises: BenchError if the script itself fails.
    """
    WORK.mkdir(parents=True, exist_ok=True)
    rows = WORK / "rows.npy"
    np.save(rows, model.matrix)
    command = [str(ENVIRONMENTS / LATHE / "bin" / "python"), str(RAW_LOADER), "--model", str(model.file)]
    command += ["--rows", str(rows), "--flips", str(RAW_TRIALS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{RAW_LOADER.name} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    found = Counter[str](json.loads(done.stdout))
    cells = [found.total(), found["refused"], found["crashed"], found["changed"], found["same"]]
    return "XGBoost's reader alone, a bit flipped in the model", Outcome([*map(str, cells), "–"])  # noqa: RUF001


EXPERIMENT = Experiment(
    name="corrupt_bundle",
    about=(
        f"{FLIPS_EACH_FILE} flipped bits and {CUTS_EACH_FILE} cuts in each file of a bundle ({MANIFEST_NAME} among "
        "them), each file missing and empty, and one file too many; what counts is exit code 2 and one line within "
        "{seconds} s. Beside "
        f"it {RAW_TRIALS} flipped bits in the model file, read by XGBoost alone, scores compared on every row."
    ),
    seconds=5,
    header=(
        "trials",
        "refused",
        "crashed",
        "served, scored wrongly, or no clear refusal",
        "no score changed",
        "slowest s",
    ),
    measure=measure,
    contenders=("lathe",),
    compare=compare_raw,
)
