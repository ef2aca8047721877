"""The settings of the job, as the docs show them."""

import re

from typer.main import get_command

from app.monitor.cli import app
from tests.app.monitor.reports.logs import ROOT


def test_the_docs_show_every_option_with_its_variable_and_default() -> None:
    (job,) = [command for name, command in get_command(app).commands.items() if name == "report"]  # type: ignore[attr-defined]
    options = [option for option in job.params if option.name != "help"]
    stated = {(option.envvar or "", option.opts[0]) for option in options}
    text = (ROOT / "docs" / "reports.md").read_text()
    shown = re.findall(r"^\|(?: `(\w+)`)? \| `(--[a-z]+)` \| (.*?) \|", text, re.MULTILINE)
    assert {(variable, option) for variable, option, _ in shown} == stated
    defaults = {option.opts[0]: option.default for option in options}
    for _, option, default in shown:
        if default.startswith("`"):
            assert default.strip("`") == f"{defaults[option]:g}" if option == "--hours" else str(defaults[option])
