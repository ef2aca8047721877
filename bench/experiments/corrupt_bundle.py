"""One flipped bit, a cut or a swap in a bundle: does the server refuse it, and what does XGBoost do alone."""

import http.client
import json
import random
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np

from bench.environments import LATHE
from bench.experiments.experiment import Experiment, Outcome, Promise
from bench.model import ServedModel
from bench.places import ENVIRONMENTS, PEERS, WORK
from bench.servers import Server, start_server
from bench.systems import System
from cli.errors import CommandError
from contract.bundle import MANIFEST_NAME, MODEL_NAME, digest_files, read_manifest, seal_manifest

FLIPS = 1500  # over all files
CUTS = 300
RAW_TRIALS = 300
AT_ONCE = 2  # starts at the same time
POLL_SECONDS = 0.02
REFUSE_SECONDS = 30.0
BAD_INPUT = 2  # the exit code of a refusal; a traceback ends with 1
REFUSED = "refused in one line that names it"
RAW_LOADER = PEERS / "raw_xgboost" / "load_flipped.py"

Damage = Callable[[Path], None]


@dataclass(frozen=True)
class Trial:
    """One way to damage a bundle, and the file that the refusal must name."""

    kind: str
    names: str
    damage: Damage


def flip_bit(name: str, seed: int) -> Damage:
    def damage(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        position = random.Random(seed).randrange(len(content) * 8)
        content[position // 8] ^= 1 << position % 8
        (folder / name).write_bytes(content)

    return damage


def cut_file(name: str, seed: int) -> Damage:
    def damage(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: random.Random(seed).randrange(len(content))])

    return damage


def swap_manifest(folder: Path) -> None:
    """The manifest of a bundle with another model: sound in itself, its digest included."""
    manifest = read_manifest(folder)
    other = digest_files({MODEL_NAME: b"another model"})
    swapped = msgspec.structs.replace(manifest, files={**manifest.files, **other})
    (folder / MANIFEST_NAME).write_bytes(seal_manifest(swapped))


def remove_file(name: str) -> Damage:
    return lambda folder: (folder / name).unlink()


def empty_file(name: str) -> Damage:
    return lambda folder: (folder / name).open("wb").close()


def list_trials(folder: Path, flips: int, cuts: int) -> Iterator[Trial]:
    """Every trial for the files of the bundle in `folder`, flips and cuts shared out among them."""
    names = sorted(path.name for path in folder.iterdir())
    for seed, name in zip(range(flips), cycle(names), strict=False):
        yield Trial(f"a bit flipped in {name}", name, flip_bit(name, seed))
    for seed, name in zip(range(cuts), cycle(names), strict=False):
        yield Trial(f"{name} cut", name, cut_file(name, seed))
    for name in names:
        yield Trial(f"{name} missing", name, remove_file(name))
        yield Trial(f"{name} empty", name, empty_file(name))
    yield Trial("a file too many", "extra", lambda folder: (folder / "extra").touch())
    yield Trial("the manifest of another model", MODEL_NAME, swap_manifest)


@contextmanager
def damaged_copy(source: Path, damage: Damage) -> Iterator[Path]:
    with TemporaryDirectory() as parent:
        folder = Path(parent) / "bundle"
        shutil.copytree(source, folder)
        damage(folder)
        yield folder


def start_damaged(system: System, model: ServedModel, trial: Trial) -> tuple[str, float]:
    """What a start with the damaged bundle came to, and the seconds it took."""
    with damaged_copy(model.folder, trial.damage) as folder:
        start = time.monotonic()
        server = start_server(system, replace(model, folder=folder))
        try:
            was_ready = watch_readiness(server, start + REFUSE_SECONDS)
        finally:
            code = server.stop()
        elapsed = time.monotonic() - start
    log = server.log.read_text(errors="replace")
    server.log.unlink()
    return ("was ready" if was_ready else judge_refusal(code, log, trial.names)), elapsed


def watch_readiness(server: Server, until: float) -> bool:
    """Whether the server said it was ready before it ended or the time was over."""
    while server.process.poll() is None and time.monotonic() < until:
        try:
            if server.ask(server.system.health, None, 1.0).status == http.client.OK:
                return True
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(POLL_SECONDS)
    return False


def judge_refusal(code: int, log: str, names: str) -> str:
    """REFUSED if it ended as after bad input and with one line that names the cause, else what it did."""
    if code < 0:
        return f"killed by signal {-code}"
    # the log holds the event lines, then one line for the person who started it
    plain = [line for line in log.splitlines() if not line.startswith("{")]
    if code != BAD_INPUT or len(plain) != 1:
        return f"ended with {code} and {len(plain)} lines, not one"
    return REFUSED if names in plain[0] else f"one line that does not name {names}"


def measure(system: System, model: ServedModel, seconds: int) -> Outcome:
    """`seconds` is the time within which a refusal counts as quick."""
    trials = list(list_trials(model.folder, FLIPS, CUTS))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ends = list(pool.map(lambda trial: start_damaged(system, model, trial), trials))
    return describe([trial.kind for trial in trials], ends, seconds)


def describe(kinds: Sequence[str], ends: Sequence[tuple[str, float]], seconds: int) -> Outcome:
    """All trials by their kind; `ends` says of each what it came to, and the seconds it took."""
    found = Counter(end for end, _ in ends)
    crashed = sum(count for end, count in found.items() if end.startswith("killed"))
    slowest = max(elapsed for _, elapsed in ends)
    details = {}
    for kind in dict.fromkeys(kinds):
        of_kind = Counter(end for one, (end, _) in zip(kinds, ends, strict=True) if one == kind)
        details[kind] = "; ".join(f"{count:,} {end}" for end, count in of_kind.most_common())
    bad = len(ends) - found[REFUSED] - crashed
    return Outcome(
        [f"{len(ends):,}", f"{found[REFUSED]:,}", str(crashed), str(bad), "–", f"{slowest:.2f}"],
        [
            Promise("every damage is refused in one line that names it", f"{bad + crashed:,} not", bad + crashed == 0),
            Promise(f"within {seconds} s", f"{slowest:.2f} s", slowest <= seconds),
        ],
        details,
    )


def compare_raw(model: ServedModel) -> tuple[str, Outcome]:
    """XGBoost's own reader on the model file alone, each flip in a process of its own.

    Raises: CommandError if the script itself fails.
    """
    WORK.mkdir(parents=True, exist_ok=True)
    rows = WORK / "rows.npy"
    np.save(rows, model.matrix)
    command = [str(ENVIRONMENTS / LATHE / "bin" / "python"), str(RAW_LOADER), "--model", str(model.file)]
    command += ["--rows", str(rows), "--flips", str(RAW_TRIALS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(f"{RAW_LOADER.name} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    found = Counter[str](json.loads(done.stdout))
    cells = [found.total(), found["refused"], found["crashed"], found["changed"], found["same"]]
    return "XGBoost's reader alone, a bit flipped in the model", Outcome([*map(str, cells), "–"])


EXPERIMENT = Experiment(
    name="corrupt_bundle",
    about=(
        f"{FLIPS:,} flipped bits and {CUTS} cuts over the files of a bundle ({MANIFEST_NAME} among them), each file "
        "missing and empty, one file too many, and the manifest of another model: a real start for each, asked all "
        "the while whether it is ready. What counts is exit code 2 and one line that names the file, within "
        f"{{seconds}} s. Beside it {RAW_TRIALS} flipped bits in the model file, read by XGBoost alone, scores compared "
        "on every row."
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
    systems=("lathe",),
    compare=compare_raw,
)
