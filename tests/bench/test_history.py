"""The long history that the verbs are measured on is one that they read, with moves up and back."""

import subprocess
from pathlib import Path

import pytest

from bench.history import VERBS, Cost, make_clone, measure_history, put_code, render_costs
from cli.errors import CommandError
from release.git.clone import Clone
from release.history.moves import read_all_moves


def test_the_history_has_as_many_commits_and_moves_as_were_asked_for(tmp_path: Path) -> None:
    clone = make_clone(tmp_path, commits=200, moves=60)
    count = subprocess.run(["git", "rev-list", "--count", "HEAD"], cwd=clone, capture_output=True, check=True).stdout
    moves = read_all_moves(Clone(clone), "HEAD")
    assert int(count) == 200
    assert {name: len(found) for name, found in moves.items() if found} == {"test": 20, "prod-eks": 20, "prod-gke": 20}
    assert sum(move.is_down for found in moves.values() for move in found) == 6
    assert [move.problem for found in moves.values() for move in found if move.problem] == []


@pytest.mark.slow
def test_each_verb_ends_well_and_has_its_line(tmp_path: Path) -> None:
    costs = measure_history(["."], rounds=1, commits=40, moves=12)
    assert [cost.verb for cost in costs] == list(VERBS)
    table = render_costs([*costs, *(Cost("v1", verb, 2.0) for verb in VERBS)])
    assert "| processor time | now | at v1 |" in table
    assert table.count("2.00 s") == len(VERBS)


def test_an_unknown_revision_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="revision 'no-such' cannot be read"):
        put_code(tmp_path, "no-such")
