"""No test waits for a fixed time or gives up soon: that is red on a busy machine, and then people press again."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import LAST_RESORT_SECONDS

TESTS = Path(__file__).parents[1]
SLEEPS = {"time.sleep", "asyncio.sleep", "page.wait_for_timeout", "batch_page.wait_for_timeout"}
WAITS = {"wait", "join", "communicate", "settimeout"}  # with their limit as the first argument
# a scenario on a cluster and a load are made of moments; each of the others says beside the line why it is no wait
EXCEPTIONS = {"e2e", "rehearsal/registry.py", "image/containers.py", "patience.py"}
ALLOWED = {
    "app/predictor/server/test_fast_path.py": 1,  # a gap between the parts of a request, which no answer may depend on
    "app/predictor/server/test_start.py": 1,  # moments of a start, which must not matter
    "training/local/test_pipeline.py": 1,  # a random moment to be killed at
}
FILES = sorted(
    path
    for path in TESTS.rglob("*.py")
    if not EXCEPTIONS & {path.relative_to(TESTS).parts[0], path.relative_to(TESTS).as_posix()}
)


def name_of(call: ast.Call) -> str:
    return ast.unparse(call.func)


def find_sleeps(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node) in SLEEPS and ast.unparse(node.args[0]) != "0":
            yield f"line {node.lineno}: {ast.unparse(node)}; wait with tests.patience.wait_until"


def find_short_limits(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        limits = [keyword.value for keyword in node.keywords if keyword.arg == "timeout"]
        if isinstance(node.func, ast.Attribute) and node.func.attr in WAITS:
            limits += node.args[:1]
        for limit in limits:
            # below a second it is no patience, but how a test sees that nothing comes
            if isinstance(limit, ast.Constant) and isinstance(limit.value, int | float) and 1 <= limit.value < 120:
                yield f"line {node.lineno}: {limit.value} s; give tests.patience.LAST_RESORT_SECONDS"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(TESTS).as_posix())
def test_nothing_is_waited_for_by_a_fixed_time(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = list(find_sleeps(tree))
    assert len(found) == ALLOWED.get(path.relative_to(TESTS).as_posix(), 0), found
    assert list(find_short_limits(tree)) == []


@pytest.mark.parametrize(
    "code",
    ["time.sleep(0.1)", "await asyncio.sleep(delay)", "run(command, timeout=30)", "process.wait(10)"],
)
def test_what_waits_by_the_clock_is_found(code: str) -> None:
    tree = ast.parse(f"async def test() -> None:\n    {code}\n")
    assert [*find_sleeps(tree), *find_short_limits(tree)] != []


def test_a_limit_of_last_resort_is_no_such_wait() -> None:
    tree = ast.parse(f"process.wait({LAST_RESORT_SECONDS})\nrun(command, timeout=LAST_RESORT_SECONDS)")
    assert [*find_sleeps(tree), *find_short_limits(tree)] == []
