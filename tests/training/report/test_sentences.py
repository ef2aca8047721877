import msgspec
import pytest

from contract.report import Check, Outcome, Report
from contract.schema import Interval
from contract.wording import write_interval
from review.comment import sentences as comment
from review.report import parse_report
from tests import planted
from training.report.document import build_report
from training.report.limits import encode_report
from training.report.sentences import (
    GROUPS,
    describe_change,
    describe_results,
    list_facts,
    tabulate_metrics,
    tabulate_slices,
)


@pytest.fixture(scope="module")
def report() -> Report:
    return build_report(planted.judge(planted.candidate(), planted.champion()), "make gate")


def with_differences(report: Report, **ends: tuple[float, float]) -> Report:
    lines = []
    for line in report.metrics:
        low, high = ends.get(line.name, (-0.1, 0.1))
        lines.append(msgspec.structs.replace(line, difference=Interval(mean=(low + high) / 2, low=low, high=high)))
    return msgspec.structs.replace(report, metrics=tuple(lines))


def test_results_read_as_sentences(report: Report) -> None:
    outcome = Outcome(rows=1000, positives=40, found=38, false_alarms=1, cost_per_1000=1050.0)
    told = msgspec.structs.replace(report, outcomes={"candidate": outcome})
    assert list(describe_results(told)) == [
        "The candidate finds 38 of 40 cases of machine_failure with 1 false alarm, a cost of 1,050 per 1,000 rows."
    ]
    off = msgspec.structs.replace(report, outcomes={"champion": Outcome(rows=276, mean_error=7.87)})
    assert list(describe_results(off)) == ["The champion is off by 7.87 on average over 276 rows."]


def test_change_names_only_what_chance_does_not_explain(report: Report) -> None:
    assert "no metric differs" in describe_change(with_differences(report))
    mixed = with_differences(report, pr_auc=(0.01, 0.02), f1=(0.01, 0.02), recall=(-0.09, -0.01))
    assert describe_change(mixed).endswith("better in PR-AUC and F1; worse within the margins in Recall.")


def test_change_beyond_a_margin_is_plainly_worse(report: Report) -> None:
    beyond = Check(name="comparison/recall", verdict="fail", found="", expected="", reason="")
    worse = msgspec.structs.replace(with_differences(report, recall=(-0.4, -0.3)), checks=(beyond,))
    assert describe_change(worse).endswith(": worse in Recall.")


def test_change_without_a_champion_or_with_itself_says_so(report: Report) -> None:
    assert describe_change(msgspec.structs.replace(report, champion=None)).startswith("There is no champion")
    assert "champion itself" in describe_change(msgspec.structs.replace(report, champion=report.candidate))


def test_tables_are_rectangular_and_complete(report: Report) -> None:
    for table, rows in ((tabulate_metrics(report), report.metrics), (tabulate_slices(report), report.slices)):
        assert len({len(row) for row in table}) == 1
        assert len(table) == len(rows) + 1


def test_every_group_of_checks_has_a_heading(report: Report) -> None:
    assert {check.group for check in report.checks} <= set(GROUPS)


def test_facts_name_both_models_their_data_and_the_budgets(report: Report) -> None:
    facts = dict(list_facts(report))
    assert facts["Candidate digest"] == planted.candidate().digest
    assert facts["Champion digest"] == planted.champion().digest
    assert facts["Champion's data"] == "the same"
    assert "times the small model's" in facts["One row"]
    assert dict(list_facts(msgspec.structs.replace(report, memory_bytes=None)))["Memory"] == "unknown"


def test_each_metric_that_is_worse_is_named_with_its_own_margin(report: Report) -> None:
    checks = (
        Check(name="comparison/recall", verdict="fail", found="", expected="", reason=""),
        Check(name="comparison/pr_auc", verdict="pass", found="", expected="", reason=""),
        Check(name="comparison/brier", verdict="not_enough_evidence", found="", expected="", reason=""),
    )
    ends = dict.fromkeys(("recall", "pr_auc", "brier", "f1"), (-0.2, -0.1))
    mixed = msgspec.structs.replace(with_differences(report, **ends), checks=checks)
    assert describe_change(mixed).endswith(
        "worse within the margins in PR-AUC; worse in Recall and Brier score; worse in F1, where no margin is set."
    )


@pytest.mark.parametrize("ends", [(-0.2, -0.1), (0.1, 0.2), (-0.1, 0.1)])
def test_the_page_and_the_comment_say_the_same_sentences(report: Report, ends: tuple[float, float]) -> None:
    changed = with_differences(report, **dict.fromkeys(("recall", "pr_auc", "f1"), ends))
    for one in (changed, msgspec.structs.replace(changed, champion=None)):
        read = parse_report(encode_report(one), "report.json")
        assert describe_change(one) == comment.describe_change(read)
        for ours, theirs in zip(describe_results(one), comment.describe_results(read), strict=True):
            assert ours == theirs.replace("\\", "")


@pytest.mark.parametrize("width", [0.0, 0.004, 3.0, 1e10])
@pytest.mark.parametrize("signed", [False, True])
def test_the_page_and_the_comment_write_the_same_intervals(width: float, signed: bool) -> None:
    interval = Interval(mean=0.5, low=0.5 - width / 2, high=0.5 + width / 2)
    assert comment.write_interval(interval, signed).replace("\\", "") == write_interval(interval, signed)
