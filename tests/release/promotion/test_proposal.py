"""The text of a promotion: what moves, on what grounds, and nothing of others as more than text."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.psi import StabilityIndex
from release.history.freshness import describe_time
from release.live.live_metrics import Drift, Live
from release.manifests.diff import Change, Field
from release.manifests.overlays import ImageLine
from release.promotion.evidence import Deployment, PromotionEvidence
from release.promotion.proposal import MAX_BYTES, Proposal, write_proposal
from tests.release.origin import make_image


def make_proposal(**changes: Any) -> Proposal:
    line = ImageLine("predictor", "ghcr.io/lathe-ml/lathe-predictor", "v1.2.3", f"sha256:{'1' * 64}")
    stay = Deployment("test", datetime.now(UTC) - timedelta(days=2, hours=3, minutes=4), "f" * 40)
    drift = Drift("torque", StabilityIndex(rows=9000, psi=0.0331, bias=0.0019, standard_error=0.012), True)
    live = Live(183_840, 12_345.6, 0.00021, 0.0123, 8137, (drift,), {"true_positive": 7})
    evidence = PromotionEvidence("a" * 64, stay, live, None, "GitHub has no release")
    given = {
        "source": "test",
        "target": "prod-eks",
        "old": replace(line, tag="v1.1.0"),
        "new": line,
        "image": make_image("v1.2.3"),
        "evidence": evidence,
        "changes": (Change("changed", "Deployment predictor", (Field("image", "old", "new"),)),),
    }
    return Proposal(**{**given, **changes})


def test_live_metrics_are_a_table() -> None:
    text = write_proposal(make_proposal())
    for expected in (
        "has run there for **2 days 3 hours**",
        "| Over the last | 2 days 3 hours |",
        "| Requests | 12,346 |",
        "| Errors (5xx) | 0.021% |",
        "| 99th percentile | 12.3 ms |",
        "torque 0.031 \\[0.000, 0.067\\]",
        "| Labels that came back | 7 true positive |",
    ):
        assert expected in text, expected


def test_nothing_of_others_is_more_than_text() -> None:
    image = replace(make_image("v1.2.3"), headline="# @everyone [x](http://evil)\n<script>", accepted_by="@root")
    field = Field("data", "old", "```\n# loud\n")
    changes = (Change("changed", "ConfigMap x", (field,)),)
    text = write_proposal(make_proposal(image=image, changes=changes, again="<!-- x --> @all"))
    assert "<script>" not in text
    assert "\n# " not in text
    assert "@everyone" not in text
    assert "@root" not in text
    assert "@all" not in text
    assert text.count("```diff") == 1
    assert text.count("```") == 4  # the diff's and the way back's


def test_a_long_difference_is_folded_and_a_huge_one_cut() -> None:
    many = tuple(Change("added", f"ConfigMap number-{number}") for number in range(30))
    assert "<details><summary>30 objects</summary>" in write_proposal(make_proposal(changes=many))
    huge = tuple(Change("added", f"ConfigMap {'x' * 300}{number}") for number in range(2000))
    text = write_proposal(make_proposal(changes=huge))
    assert len(text.encode()) < MAX_BYTES + 1000
    assert "prod-eks moves from v1.1.0 to v1.2.3" in text


@pytest.mark.parametrize(
    ("lasted", "says"),
    [
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=1, minutes=2), "1 hour 2 minutes"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=40, minutes=5), "40 days"),
    ],
)
def test_times_are_said_in_the_two_largest_units(lasted: timedelta, says: str) -> None:
    assert describe_time(lasted) == says
