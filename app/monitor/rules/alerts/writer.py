"""What every alert has, and the words that several share."""

from app.monitor.rules.promql import Alert

SEVERITIES = ("critical", "warning", "info")  # wakes somebody, waits for the morning, stands on a dashboard
RULES_TOPIC = "rules"  # of Prometheus itself, not of what it scrapes
WHERE = "{{ $labels.model_name }} {{ $labels.model_version }} in {{ $labels.namespace }}"
SERVICE_WHERE = "{{ $labels.model_name }} in {{ $labels.namespace }}"
VALUE = "{{ $value | humanize }}"
PERCENT = "{{ $value | humanizePercentage }}"


class AlertWriter:
    """Writes alerts with what all of them have: severity, topic, two texts, the address of the runbook's heading."""

    def __init__(self, runbook: str) -> None:
        self.runbook = runbook

    def __call__(
        self,
        name: str,
        expr: str,
        hold: str,
        severity: str,
        topic: str,
        texts: tuple[str, str],
        *,
        keep: str | None = None,
        **labels: str,
    ) -> Alert:
        """`texts`: summary and description; `topic`: a worse alert of the same topic makes this one needless."""
        summary, description = texts
        address = f"{self.runbook}#{name.lower()}"
        return Alert(
            alert=name,
            expr=expr,
            hold=hold,
            keep=keep,
            labels={"severity": severity, "topic": topic, **labels},
            annotations={"summary": summary, "description": description, "runbook_url": address},
        )
