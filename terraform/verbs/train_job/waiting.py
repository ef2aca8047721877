"""Waiting for a job, within bounds: its states as they change, and what to do when somebody or the time stops it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from cli import console
from cli.errors import OutsideError


@dataclass(frozen=True)
class JobState:
    """`name` is the cloud's word; `is_over` and `is_good` are ours; `reason` is why it failed."""

    name: str
    is_over: bool = False
    is_good: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Hints:
    """The commands that go on waiting, cancel, and show the logs."""

    follow: str
    cancel: str
    logs: str


def wait_for_job(look: Callable[[], JobState], hints: Hints, minutes: float, pause_seconds: float) -> None:
    """Returns when the job succeeded; stopping this does not stop the job.

    Raises: OutsideError if it failed, was cancelled, or is not over in time.
    """
    end, shown = time.monotonic() + minutes * 60, ""
    try:
        while not (state := look()).is_over:
            if state.name != shown:
                console.print_done(f"the job is {state.name}")
                shown = state.name
            if time.monotonic() + pause_seconds > end:
                raise OutsideError(
                    f"the job is still {state.name} after {minutes:g} minutes and goes on; "
                    f"wait: {hints.follow}; cancel: {hints.cancel}"
                )
            time.sleep(pause_seconds)
    except KeyboardInterrupt:
        console.print_warning(f"the job goes on without this; wait: {hints.follow}; cancel: {hints.cancel}")
        raise
    if not state.is_good:
        raise OutsideError(f"the job is {state.name}: {state.reason or 'no reason is given'}; its logs: {hints.logs}")
    console.print_done(f"the job is {state.name}")
