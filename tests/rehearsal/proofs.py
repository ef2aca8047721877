"""What must hold when the scenario is over, asked of Git and of the registry, not of the play."""

from collections.abc import Callable, Iterator

from tests.harness.errors import ScenarioError
from tests.harness.verbs import VerbResult
from tests.rehearsal.moves import check_moves, list_named
from tests.rehearsal.play import Play
from tests.rehearsal.scenario import SECOND
from tests.rehearsal.verbs import expect_verb, run_verb

STRANGER = "v9.9.9"


def prove_lines(play: Play) -> Iterator[str]:
    moves = check_moves(play.stage.repository.origin, play.stage.start)
    yield f"{moves} moves, each one commit of one file that touches newTag and digest alone"


def prove_verified(play: Play) -> Iterator[str]:
    """Whatever an overlay named at any time is in the registry, signed, and says the same everywhere."""
    named = list_named(play.stage.repository.origin, play.stage.start)
    for image in sorted(named):
        expect_verb(play, "verify", "--image", image)
    yield f"{len(named)} images were ever named by an overlay, and each is verified, its signature included"


def prove_refused(play: Play) -> Iterator[str]:
    """A version that nobody released stays out, and so does the one that was taken back."""
    before = play.head
    result = run_verb(play, "bump", "--env", "test", "--to", STRANGER)
    yield expect_refused(play, before, result, f"{STRANGER} in test, which nobody released")
    result = run_verb(play, "promote", "--from", "test", "--to", "prod-eks")
    yield expect_refused(play, before, result, f"{SECOND} in prod-eks once more, which took it back")


def expect_refused(play: Play, before: str, result: VerbResult, what: str) -> str:
    """Raises: ScenarioError."""
    if result.code == 0 or play.head != before:
        raise ScenarioError(
            f"{what}: exit code {result.code}, main at {play.head[:10]}; expected a refusal at {before}"
        )
    return f"refused with {result.code}: {what}\n        {result.last}"


PROOFS: tuple[Callable[[Play], Iterator[str]], ...] = (prove_lines, prove_verified, prove_refused)
