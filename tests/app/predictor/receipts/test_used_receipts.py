"""Receipts are used up once: in one process's memory, and in a folder that several share."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from app.predictor.http.errors import ConflictError
from app.predictor.receipts import used_receipts
from app.predictor.receipts.outcomes import ReportedOutcome
from app.predictor.receipts.receipts import Receipt
from app.predictor.receipts.used_receipts import (
    DAY_SECONDS,
    FeedbackFolderError,
    NotedReceipts,
    PartlyUsedError,
    RememberedReceipts,
    UsedReceipts,
)

NOW = 1_790_000_000


def label(number: int, truth: float = 1.0, issued: int = NOW) -> ReportedOutcome:
    return ReportedOutcome(Receipt(number.to_bytes(16), 0.8, 0.5, True, issued, "m", "v1", 0.0), truth, is_event=True)


def note(folder: Path, clock: Callable[[], float] = lambda: NOW) -> NotedReceipts:
    return NotedReceipts(folder, 90 * DAY_SECONDS, clock)


@pytest.fixture(params=["remembered", "noted"])
def used(request: pytest.FixtureRequest, tmp_path: Path) -> UsedReceipts:
    return RememberedReceipts(100) if request.param == "remembered" else note(tmp_path)


@pytest.mark.parametrize("truth", [1.0, 0.0, -12.25, 1e-300, 123456789.123])
def test_a_receipt_is_used_once_and_its_first_outcome_stands(used: UsedReceipts, truth: float) -> None:
    assert used.find_truth(label(1).receipt) is None
    assert used.use([label(1, truth), label(2, truth), label(1, truth)]) == [True, True, False]
    assert used.use([label(2, truth), label(3)]) == [False, True]
    assert used.find_truth(label(1).receipt) == truth
    with pytest.raises(ConflictError):
        used.use([label(1, truth + 1)])
    assert used.find_truth(label(1).receipt) == truth


def test_all_of_a_request_are_used_or_none(used: UsedReceipts) -> None:
    used.use([label(3, 1.0)])
    for bad in ([label(1), label(2), label(3, 0.0)], [label(1), label(2), label(2, 0.0)]):
        with pytest.raises(ConflictError):
            used.use(bad)
        assert [used.find_truth(label(number).receipt) for number in (1, 2)] == [None, None]


def test_memory_goes_back_as_far_as_it_is_said() -> None:
    used = RememberedReceipts(3)
    assert used.use([label(number) for number in range(4)]) == [True] * 4
    assert used.find_truth(label(0).receipt) is None
    assert used.find_truth(label(1).receipt) == 1.0
    assert used.use([label(0), label(3)]) == [True, False]  # forgotten: docs/api.md says so


def test_of_many_that_note_the_same_receipts_at_once_one_is_the_first(tmp_path: Path) -> None:
    labels = [label(number) for number in range(200)]
    replicas, found = [note(tmp_path) for _ in range(8)], []
    begin = threading.Barrier(len(replicas))

    def use(replica: NotedReceipts) -> None:
        begin.wait()
        found.append([replica.use([one])[0] for one in labels])

    threads = [threading.Thread(target=use, args=(replica,)) for replica in replicas]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sum(firsts) for firsts in zip(*found, strict=True)] == [1] * len(labels)


def test_another_replica_that_was_sooner_with_another_outcome_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, others = note(tmp_path), note(tmp_path)
    look = mine._refuse_conflicts

    def look_too_soon(labels: list[ReportedOutcome]) -> None:
        look(labels)
        others.use([label(2, 0.0)])

    monkeypatch.setattr(mine, "_refuse_conflicts", look_too_soon)
    with pytest.raises(PartlyUsedError) as partly:
        mine.use([label(1), label(2), label(3)])
    assert (partly.value.firsts, type(partly.value.reason)) == ([label(1)], ConflictError)
    assert [others.find_truth(label(number).receipt) for number in (1, 2, 3)] == [1.0, 0.0, None]


def test_what_another_replica_called_a_duplicate_is_never_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, others = note(tmp_path), note(tmp_path)
    note_one, answered = mine._note, []

    def note_beside_another(one: ReportedOutcome) -> bool:
        found = note_one(one)
        if one == label(1):
            answered.extend([*others.use([label(1)]), *others.use([label(2, 0.0)])])
        return found

    monkeypatch.setattr(mine, "_note", note_beside_another)
    with pytest.raises(PartlyUsedError):
        mine.use([label(1), label(2)])
    assert answered == [False, True]  # the first is a duplicate of what we noted: it must stand and be counted
    assert others.find_truth(label(1).receipt) == 1.0


def test_a_conflict_before_anything_is_noted_is_a_plain_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, others = note(tmp_path), note(tmp_path)
    monkeypatch.setattr(mine, "_refuse_conflicts", lambda _: others.use([label(1, 0.0)]))
    with pytest.raises(ConflictError):
        mine.use([label(1), label(2)])


def test_a_folder_that_fails_in_the_middle_leaves_what_was_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = note(tmp_path)
    day = used._place(label(1).receipt).parent
    note_one = used._note

    def note_until_the_day_goes(one: ReportedOutcome) -> bool:
        if one == label(2):
            day.rename(tmp_path / "away")
        return note_one(one)

    monkeypatch.setattr(used, "_note", note_until_the_day_goes)
    with pytest.raises(PartlyUsedError) as partly:
        used.use([label(1), label(2)])
    assert (partly.value.firsts, type(partly.value.reason)) == ([label(1)], FileNotFoundError)


def test_a_memory_smaller_than_a_request_counts_its_repeats_once() -> None:
    used = RememberedReceipts(2)
    assert used.use([label(number) for number in (1, 2, 3, 1)]) == [True, True, True, False]
    with pytest.raises(ConflictError):
        used.use([label(3, 0.0)])
    assert used.find_truth(label(1).receipt) is None


def test_what_fails_in_the_middle_uses_nothing_up(tmp_path: Path) -> None:
    used = note(tmp_path)
    (tmp_path / "2027-01-01").write_text("in the way of a day's folder")
    with pytest.raises(OSError, match="2027-01-01"):
        used.use([label(1), label(2, issued=1_798_800_000)])
    assert used.find_truth(label(1).receipt) is None
    assert used.use([label(1)]) == [True]


def test_days_that_are_over_are_forgotten_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(used_receipts, "SWEPT_LINKS", 10)
    now = [float(NOW)]
    (tmp_path / "lost+found").mkdir()
    used = note(tmp_path, lambda: now[0])
    used.use([label(number) for number in range(25)])
    used.use([label(99, issued=NOW + 5 * DAY_SECONDS)])
    now[0] += 93 * DAY_SECONDS  # the first day is over, the other is not
    for left in (15, 5, 0):
        used.use([label(99, issued=NOW + 5 * DAY_SECONDS)])
        assert sum(1 for _ in tmp_path.glob("*/*")) == left + 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-09-26", "lost+found"]


def test_a_receipt_that_may_still_come_back_is_not_forgotten(tmp_path: Path) -> None:
    now = [float(NOW)]
    used = note(tmp_path, lambda: now[0])
    used.use([label(1)])
    now[0] += 90 * DAY_SECONDS
    assert used.use([label(1)]) == [False]


@pytest.mark.parametrize(("days", "left"), [(91, True), (92, True), (93, False)])
def test_a_day_stays_a_whole_day_after_its_last_receipt_is_too_old(tmp_path: Path, days: int, left: bool) -> None:
    used = note(tmp_path)
    used.use([label(1)])
    later = note(tmp_path, lambda: NOW + days * DAY_SECONDS)  # another replica's clock may be a day behind
    later.use([label(2, issued=NOW + days * DAY_SECONDS)])
    assert (used.find_truth(label(1).receipt) is not None) is left


def test_the_folder_is_searched_for_days_that_are_over_once_a_day_and_not_at_each_outcome(tmp_path: Path) -> None:
    now = [float(NOW)]
    used = note(tmp_path, lambda: now[0])
    used.use([label(1)])
    (tmp_path / "2020-01-01").mkdir()
    used.use([label(2)])
    assert (tmp_path / "2020-01-01").exists()
    now[0] += DAY_SECONDS
    used.use([label(3)])
    assert not (tmp_path / "2020-01-01").exists()


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", Path("/proc")):
        with pytest.raises(FeedbackFolderError, match=r"cannot be written: .*, expected a folder"):
            note(folder)


def put_file(place: Path) -> None:
    place.write_text("not ours")


def put_link_to_nowhere(place: Path) -> None:
    place.symlink_to("nowhere")


def put_link_to_a_folder(place: Path) -> None:
    kept = place.parent / "kept"
    kept.mkdir()
    (kept / "file").write_text("somebody's")
    place.symlink_to(kept)


def put_folder_in_a_day(place: Path) -> None:
    (place / "inner").mkdir(parents=True)


STRANGE = [put_file, put_link_to_nowhere, put_link_to_a_folder, put_folder_in_a_day]


@pytest.mark.parametrize("put", STRANGE)
def test_what_is_strange_among_days_that_are_over_is_said_once_and_blocks_nobody(
    tmp_path: Path, put: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "2020-01-01").mkdir()
    put(tmp_path / "2020-01-02")
    (tmp_path / "2020-01-03").mkdir()
    now = [float(NOW)]
    used = note(tmp_path, lambda: now[0])
    for number in range(3):
        assert used.use([label(number)]) == [True]
        now[0] += DAY_SECONDS
    assert [path.name for path in tmp_path.glob("2020*")] == ["2020-01-02"]
    assert used.strange == 1
    (record,) = caplog.records
    assert record.message == "feedback_folder_strange"
    assert record.fields["path"] == str(tmp_path / "2020-01-02")  # type: ignore[attr-defined]
    assert all(path.read_text() == "somebody's" for path in tmp_path.glob("kept/*"))


def test_only_a_day_as_it_is_written_here_is_swept(tmp_path: Path) -> None:
    for name in ("20200101", "2020-W01-1", "2020-1-1", "notes"):
        (tmp_path / name).mkdir()
    used = note(tmp_path)
    used.use([label(1)])
    assert len(list(tmp_path.iterdir())) == 5
    assert used.strange == 0


@pytest.mark.parametrize("put", [put_file, put_link_to_nowhere])
def test_what_stands_in_the_place_of_a_day_blocks_that_day_alone(tmp_path: Path, put: Callable[[Path], None]) -> None:
    used = note(tmp_path)
    put(tmp_path / "2026-09-22")
    with pytest.raises(OSError, match="2026-09-22"):
        used.use([label(1, issued=NOW + DAY_SECONDS)])
    assert used.use([label(2)]) == [True]
    with pytest.raises(OSError, match="2026-09-22"):
        used.use([label(3), label(4, issued=NOW + DAY_SECONDS)])
    assert used.use([label(3)]) == [True]  # of the request that failed nothing was noted
