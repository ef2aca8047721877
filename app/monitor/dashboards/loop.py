"""The loop: alerts, the retrainings they ask for, and the pull requests that come of them."""

from app.monitor.annotations.marks import RELEASE_TAG, RETRAINING_TAG
from app.monitor.dashboards.assembly import Parts
from app.monitor.dashboards.elements import About, PanelBuilder, events, lines, name_values, number, states
from app.monitor.dashboards.marks import list_releases, list_retrainings
from app.monitor.dashboards.tables import NumberColumn, grid
from app.monitor.dashboards.variables import OF_MODEL, choose_environment, choose_model, choose_source

RATE = "[$__rate_interval]"
# where no pod is scraped, nothing knows the environment
OURS = 'alertname=~"Lathe.*", namespace=~"$environment|"'
STATES = name_values({1: ("pending", "orange"), 2: ("firing", "red")})
IN_WORDS = {
    "alertname": "Alert",
    "severity": "Severity",
    "model_version": "Version",
    "feature": "Feature",
    "slice": "Slice",
}


def count_alerts(state: str) -> str:
    return f'count(ALERTS{{{OURS}, alertstate="{state}"}}) or vector(0)'


def count_alerts_now() -> list[PanelBuilder]:
    return [
        number(
            About("Firing", "Alerts of this environment that fire.", "short", "LatheDrift"),
            count_alerts("firing"),
            steps=[(None, "green"), (1, "red")],
        ),
        number(
            About("Pending", "Alerts whose condition holds, and not yet long enough.", "short", "LatheDrift"),
            count_alerts("pending"),
            steps=[(None, "green"), (1, "orange")],
        ),
    ]


def count_what_follows() -> list[PanelBuilder]:
    """What a day's alerts led to, and what may have gone unnoticed."""
    sent = 'increase(alertmanager_notifications_total{integration="webhook"}[1d])'
    return [
        number(
            About(
                "Retrainings requested", "Webhooks that Alertmanager sent within a day.", "short", "LatheDriftStrong"
            ),
            f"sum({sent}) or vector(0)",
            decimals=0,
        ),
        number(
            About("Age of the model", "Since it was trained.", "s", "LatheStaleModel"),
            f"time() - max(lathe_model_trained_timestamp_seconds{{{OF_MODEL}}})",
        ),
        number(
            About(
                "Failed notifications",
                "Within a day, of every receiver: an alert that nobody sees.",
                "short",
                "LatheDriftStrong",
            ),
            "sum(increase(alertmanager_notifications_failed_total[1d])) or vector(0)",
            steps=[(None, "green"), (1, "red")],
            decimals=0,
        ),
        number(
            About(
                "Missed evaluations",
                "Of rule groups within a day: steps that the counts lack.",
                "short",
                "LatheRulesMissed",
            ),
            "sum(increase(prometheus_rule_group_iterations_missed_total[1d])) or vector(0)",
            steps=[(None, "green"), (1, "red")],
            decimals=0,
        ),
    ]


def show_alerts() -> list[PanelBuilder]:
    names = ", ".join(IN_WORDS)
    state = f'2 * ALERTS{{{OURS}, alertstate="firing"}} or ALERTS{{{OURS}, alertstate="pending"}}'
    since = f"time() - max by ({names}) (ALERTS_FOR_STATE{{{OURS}}})"
    columns = [
        NumberColumn("State", f"max by ({names}) ({state})", mappings=STATES, width=90),
        NumberColumn("For", f"{since} and on ({names}) ALERTS{{{OURS}}}", "s", width=110),
    ]
    return [
        states(
            About(
                "Alerts over time", "Each alert while its condition holds: pending, then firing.", "short", "LatheDrift"
            ),
            {"{{alertname}}": f"max by (alertname) ({state})"},
            STATES,
            width=10,
            height=10,
        ),
        grid(
            About("Alerts now", "Every alert that fires or is pending, with what it is about.", "short", "LatheDrift"),
            IN_WORDS,
            columns,
            width=14,
            height=10,
            widths={"Alert": 170, "Severity": 80, "Version": 120},
        ),
    ]


def show_retrainings() -> list[PanelBuilder]:
    age = f"time() - max by (model_version) (lathe_model_trained_timestamp_seconds{{{OF_MODEL}}})"
    return [
        lines(
            About(
                "Age of the models",
                "Falls to nought with each retraining that is released. Orange marks are pull requests of retrainings.",
                "s",
                "LatheStaleModel",
            ),
            {"{{model_version}}": age},
        ),
        events(
            About(
                "Pull requests of retrainings",
                "Newest first, each with its state. Written into Grafana by `make marks`.",
                "short",
                "LatheDriftStrong",
            ),
            [RETRAINING_TAG],
            width=6,
        ),
        events(
            About("Releases", "What came of them here, newest first.", "short", "LatheScrapeDead"),
            [RELEASE_TAG, "$environment"],
            width=6,
        ),
    ]


def show_watchers() -> list[PanelBuilder]:
    used = "sum by (integration) (alertmanager_notifications_total) > 0"
    sent, failed = (
        f"sum by (integration) (rate(alertmanager_notifications{part}_total{RATE})) and {used}"
        for part in ("", "_failed")
    )
    # a group's name begins with the path of its file
    took = (
        'max by (group) (label_replace(prometheus_rule_group_last_duration_seconds{rule_group=~".*;lathe-.*"}, '
        '"group", "$1", "rule_group", ".*;(.*)"))'
    )
    return [
        lines(
            About("Notifications", "What Alertmanager sent a second, and what failed.", "cps", "LatheDriftStrong"),
            {"{{integration}}": sent, "{{integration}}, failed": failed},
            width=8,
        ).no_value("nothing was sent yet"),
        lines(
            About(
                "Time of the rules",
                "Seconds that the evaluation of each group of rules takes.",
                "s",
                "LatheRulesMissed",
            ),
            {"{{group}}": took},
            many=True,
            width=8,
        ),
        lines(
            About(
                "Scrapes",
                "Pods of this environment whose scrape succeeds, and whose scrape fails.",
                "short",
                "LatheScrapeDead",
            ),
            {"up": 'sum(up{namespace="$environment"})', "down": 'sum(1 - up{namespace="$environment"})'},
            width=8,
        ),
    ]


def make_loop() -> Parts:
    return Parts(
        "lathe-loop",
        "Lathe / Loop",
        "Alerts, the retrainings they ask for, the pull requests that come of them, and those who watch.",
        [choose_source(), choose_environment(), choose_model()],
        [*list_releases(), *list_retrainings()],
        {
            "Now": [*count_alerts_now(), *count_what_follows()],
            "Alerts": show_alerts(),
            "Retrainings": show_retrainings(),
            "Who watches the watchers": show_watchers(),
        },
    )
