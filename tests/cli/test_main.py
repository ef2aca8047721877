"""How a command line ends: one line on standard error and an exit code for each kind of mistake."""

import errno

import pytest
import typer

from cli.errors import CommandError, InputError, OutsideError, RefusedError
from cli.main import run_app
from contract.errors import BundleError


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (CommandError("as it is"), 2, "as it is"),
        (InputError("not usable"), 2, "not usable"),
        (RefusedError("not to be used"), 1, "not to be used"),
        (OutsideError("no answer", 503), 4, "no answer"),
        (BundleError("damaged"), 2, "damaged"),
        (OSError(errno.ENOSPC, "No space left on device", "model.ubj"), 2, "model.ubj: No space left on device"),
        (OSError("closed"), 2, "the system: closed"),
    ],
)
def test_what_goes_wrong_ends_in_one_line_and_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, line: str
) -> None:
    app = typer.Typer(name="program", pretty_exceptions_enable=False)

    @app.command()
    def fail() -> None:
        raise error

    monkeypatch.setattr("sys.argv", ["program"])
    printed: list[str] = []
    with pytest.raises(SystemExit) as ended:
        run_app(app, printed.append)
    assert (ended.value.code, printed) == (code, [line])
