"""Where a person goes from a panel: the heading of the alert that belongs to it, in docs/runbook.md."""

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard

RUNBOOK_URL = "https://github.com/lathe-ml/lathe/blob/main/docs/runbook.md"


def link_to(alert: str) -> Builder[dashboard.DashboardLink]:
    """A panel's link; GitHub's anchor of a heading of one word is that word in small letters."""
    return (
        build.DashboardLink(f"Runbook: {alert}")
        .type(dashboard.DashboardLinkType.LINK)
        .url(f"{RUNBOOK_URL}#{alert.lower()}")
        .target_blank(True)
    )
