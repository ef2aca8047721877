"""Alerts in the terminal of a watch."""

import httpx
import pytest

from app.monitor.watch.alerts import AlertPrinter

FIRING = {"status": "firing", "labels": {"alertname": "LatheDrift"}, "annotations": {"summary": "torque_nm drifts"}}


def test_each_alert_is_one_line_and_what_is_none_is_refused() -> None:
    lines: list[str] = []
    with AlertPrinter(lines.append) as printer:
        printer.start()
        over = {"status": "resolved", "labels": {}}
        sent = httpx.post(printer.url, json={"version": "4", "alerts": [FIRING, over]})
        refused = httpx.post(printer.url, content=b"[]")
        printer.shutdown()
    assert (sent.status_code, refused.status_code) == (200, 400)
    assert lines == ["LatheDrift fires: torque_nm drifts", "an alert without a name is over"]


@pytest.mark.parametrize("body", [b"", b"{", b'{"alerts": 1}'])
def test_a_body_that_is_no_notification_prints_nothing(body: bytes) -> None:
    lines: list[str] = []
    with AlertPrinter(lines.append) as printer:
        printer.start()
        assert httpx.post(printer.url, content=body).status_code == 400
        printer.shutdown()
    assert lines == []
