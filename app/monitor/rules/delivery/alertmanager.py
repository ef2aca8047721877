"""Which alert goes where and which makes another needless: one table, as Alertmanager and as its operator read it."""

from typing import Any, NamedTuple

from app.monitor.rules.alerts.writer import RULES_TOPIC

SECRET = "lathe-alerting"  # noqa: S105 - the name of one, made by whoever runs the cluster
SECRET_FOLDER = f"/etc/alertmanager/secrets/{SECRET}"  # where a plain Alertmanager has it mounted
PAGE_KEY, TICKET_KEY = "pagerduty-routing-key", "slack-url"
PAGES, TICKETS, NOBODY = "pages", "tickets", "nobody"
SAME_MODEL = ("namespace", "model_name", "model_version")


class SeverityRoute(NamedTuple):
    """Alerts of a severity, their receiver, and after how long a firing one is sent again."""

    severity: str
    receiver: str
    repeat: str


class Matcher(NamedTuple):
    label: str
    operator: str
    value: str


class Inhibition(NamedTuple):
    """While `source` fires nobody is sent `target`, where both have the same values of `equal`, or neither has any."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]


ROUTES = (
    SeverityRoute("critical", PAGES, "4h"),
    SeverityRoute("warning", TICKETS, "24h"),
    SeverityRoute("info", NOBODY, "24h"),  # stands on the dashboard
)
OURS = Matcher("alertname", "=~", "Lathe.*")
INHIBITIONS = (
    # nothing is known of what is not scraped; whether rules are evaluated has nothing to do with it
    Inhibition(
        (Matcher("alertname", "=", "LatheScrapeDead"),),
        (OURS, Matcher("alertname", "!=", "LatheScrapeDead"), Matcher("topic", "!=", RULES_TOPIC)),
        ("namespace",),
    ),
    # a page says what the warning and the note of the same topic say
    Inhibition(
        (OURS, Matcher("severity", "=", "critical")),
        (OURS, Matcher("severity", "=~", "warning|info")),
        (*SAME_MODEL, "topic", "feature"),
    ),
    Inhibition(
        (OURS, Matcher("severity", "=", "warning")),
        (OURS, Matcher("severity", "=", "info")),
        (*SAME_MODEL, "topic", "feature"),
    ),
    # what moves everywhere moves in each slice
    Inhibition(
        (Matcher("topic", "=", "drift"), Matcher("severity", "=~", "critical|warning")),
        (Matcher("topic", "=", "slice_drift"),),
        (*SAME_MODEL, "feature"),
    ),
)
GROUPED_BY = ["namespace", "model_name", "alertname"]


def make_plain() -> dict[str, Any]:
    """alertmanager.yml; the secrets stand in files."""
    receivers: list[dict[str, Any]] = [
        {"name": PAGES, "pagerduty_configs": [{"routing_key_file": f"{SECRET_FOLDER}/{PAGE_KEY}"}]},
        {"name": TICKETS, "slack_configs": [{"api_url_file": f"{SECRET_FOLDER}/{TICKET_KEY}", "send_resolved": True}]},
        {"name": NOBODY},
    ]
    routes = [
        {"matchers": [f'severity="{one.severity}"'], "receiver": one.receiver, "repeat_interval": one.repeat}
        for one in ROUTES
    ]
    return {
        "route": {
            "receiver": TICKETS,  # an alert of no known severity is read by somebody
            "group_by": GROUPED_BY,
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "24h",
            "routes": routes,
        },
        "inhibit_rules": [
            {
                "source_matchers": [_to_text(one) for one in rule.source],
                "target_matchers": [_to_text(one) for one in rule.target],
                "equal": list(rule.equal),
            }
            for rule in INHIBITIONS
        ],
        "receivers": receivers,
    }


def make_operators() -> dict[str, Any]:
    """The AlertmanagerConfig; the operator adds to each route and inhibition that the namespace is the object's own."""
    routes = [
        {
            "matchers": [_to_object(Matcher("severity", "=", one.severity))],
            "receiver": one.receiver,
            "repeatInterval": one.repeat,
        }
        for one in ROUTES
    ]
    page, ticket = ({"name": SECRET, "key": key} for key in (PAGE_KEY, TICKET_KEY))
    return {
        "apiVersion": "monitoring.coreos.com/v1alpha1",
        "kind": "AlertmanagerConfig",
        "metadata": {"name": "lathe"},
        "spec": {
            "route": {
                "receiver": TICKETS,
                "groupBy": GROUPED_BY,
                "groupWait": "30s",
                "groupInterval": "5m",
                "repeatInterval": "24h",
                "routes": routes,
            },
            "inhibitRules": [
                {
                    "sourceMatch": [_to_object(one) for one in rule.source],
                    "targetMatch": [_to_object(one) for one in rule.target],
                    "equal": list(rule.equal),
                }
                for rule in INHIBITIONS
            ],
            "receivers": [
                {"name": PAGES, "pagerdutyConfigs": [{"routingKey": page, "sendResolved": True}]},
                {"name": TICKETS, "slackConfigs": [{"apiURL": ticket, "sendResolved": True}]},
                {"name": NOBODY},
            ],
        },
    }


def _to_text(matcher: Matcher) -> str:
    return f'{matcher.label}{matcher.operator}"{matcher.value}"'


def _to_object(matcher: Matcher) -> dict[str, str]:
    return {"name": matcher.label, "matchType": matcher.operator, "value": matcher.value}
