"""What is made of floods and the peaks beside them."""

from app.monitor.load.open_loop import Reply
from bench.experiments.overload import Flood, compute_goodput, describe


def make_flood(answered: int, refused: int, probes: list[int]) -> Flood:
    replies = [Reply(200, 0.1)] * answered + [Reply(503, 0.01, retry_after=True)] * refused
    return Flood(replies, 1.0, [Reply(status, 0.01) for status in probes])


def test_goodput_is_the_median_share_of_the_peaks_next_to_each_flood() -> None:
    floods = [make_flood(answered, 0, []) for answered in (90, 80, 50)]
    assert compute_goodput([100, 100, 60, 40], floods) == 1.0
    assert compute_goodput([100], floods[:1]) == 0.9  # it had not recovered


def test_every_way_to_fail_breaks_its_own_promise() -> None:
    good = make_flood(95, 900, [200, 200])
    assert all(promise.holds for promise in describe([100, 100], [good]).promises)
    slow = Flood([Reply(200, 3.0)] * 100, 1.0, [])
    silent = Flood([*good.replies, Reply(503, 0.1)], 1.0, [])
    broken = {
        "answered": make_flood(80, 900, []),
        "p99": slow,
        "Retry-After": silent,
        "probes": make_flood(95, 900, [200, 503]),
    }
    for word, flood in broken.items():
        failed = [promise.requirement for promise in describe([100, 100], [flood]).promises if not promise.holds]
        assert len(failed) == 1
        assert word in failed[0]
