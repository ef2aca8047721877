"""Argo CD's objects as the scenario reads them."""

from tests.e2e.argo import View, read_view


def test_an_application_that_is_not_there_is_absent_and_not_settled() -> None:
    assert read_view(None) == View("absent", "absent")
    assert not read_view(None).is_settled


def test_an_application_without_a_status_is_unknown() -> None:
    assert read_view({"metadata": {}}) == View("Unknown", "Unknown")


def test_sync_health_revision_and_the_last_operation_are_read() -> None:
    status = {
        "sync": {"status": "OutOfSync", "revision": "0123456789abcdef"},
        "health": {"status": "Degraded"},
        "operationState": {"phase": "Failed", "message": "not permitted"},
    }
    view = read_view({"status": status})
    assert str(view) == "OutOfSync, Degraded, at 01234567 (Failed: not permitted)"
    assert not view.is_settled


def test_only_synced_and_healthy_is_settled() -> None:
    assert View("Synced", "Healthy").is_settled
    assert not View("Synced", "Progressing").is_settled
    assert not View("OutOfSync", "Healthy").is_settled
