"""Where a person goes from a panel: the heading of the alert that belongs to it, in docs/runbook.md."""

from functools import cache

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard

from app.monitor.rules.objectives import load_objectives


@cache
def load_runbook() -> str:
    """The address of the runbook, from the objectives file.

    Raises: InputError if that is not usable.
    """
    return load_objectives().runbook


def link_to(alert: str) -> Builder[dashboard.DashboardLink]:
    """A panel's link; GitHub's anchor of a heading of one word is that word in small letters."""
    return (
        build.DashboardLink(f"Runbook: {alert}")
        .type(dashboard.DashboardLinkType.LINK)
        .url(f"{load_runbook()}#{alert.lower()}")
        .target_blank(True)
    )
