"""What the workflows read, from an output to GitHub."""

import json
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from typing import Any

import pytest

from cli.errors import InputError, OutsideError
from review.github.client import GitHub
from review.github.settings import GitHubSettings
from terraform.verbs.settings.variables import VariableSetting, merge_words, read_variables, set_variable
from tests.harness.loopback import QuietHandler, serve_until_end

OUTPUT = {"release": {"LATHE_ECR_ROLE": "arn:aws:iam::123456789012:role/push", "LATHE_COPY_TO": "host/lathe"}}


@pytest.fixture
def environments() -> dict[str, dict[str, str]]:
    return {"release": {}}


@pytest.fixture
def github(environments: dict[str, dict[str, str]]) -> Iterator[GitHub]:
    """A client of a GitHub that has environments and their variables, as its API documents them."""

    class Handler(QuietHandler):
        def answer(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            *_, place, _, name = (
                f"{self.path}/".rstrip("/").split("/") if self.command != "POST" else f"{self.path}/-".split("/")
            )
            status, document = change(environments, self.command, place, name, body)
            content = json.dumps(document).encode() if status != 204 else b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    settings = GitHubSettings("token", "lathe-ml/lathe", f"http://127.0.0.1:{server.server_port}", 0)
    with serve_until_end(server):
        client = GitHub(settings)
        yield client
        client.close()


def change(
    environments: dict[str, dict[str, str]], method: str, place: str, name: str, body: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    values = environments.get(place)
    if values is None or (method != "POST" and name not in values):
        return 404, {"message": "Not Found"}
    if method == "POST":
        values[body["name"]] = body["value"]
        return 201, {}
    if method == "DELETE":
        del values[name]
        return 204, {}
    return 200, {"name": name, "value": values[name]}


def test_every_variable_is_set_once_and_a_second_time_nothing_changes(
    github: GitHub, environments: dict[str, dict[str, str]]
) -> None:
    lines = [set_variable(github, one) for one in read_variables(OUTPUT)]
    assert environments == OUTPUT
    assert lines[1] == "release: LATHE_COPY_TO = host/lathe"
    again = [set_variable(github, one) for one in read_variables(OUTPUT)]
    assert environments == OUTPUT
    assert all(line.endswith(" already") for line in again)


def test_another_value_is_replaced_and_what_stood_there_is_named(
    github: GitHub, environments: dict[str, dict[str, str]]
) -> None:
    environments["release"]["LATHE_ECR_ROLE"] = "old"
    line = set_variable(github, VariableSetting("release", "LATHE_ECR_ROLE", "new"))
    assert line == "release: LATHE_ECR_ROLE = new (was old)"
    assert environments["release"]["LATHE_ECR_ROLE"] == "new"


def test_a_copy_to_another_cloud_stays(github: GitHub, environments: dict[str, dict[str, str]]) -> None:
    environments["release"]["LATHE_COPY_TO"] = "google/lathe"
    set_variable(github, VariableSetting("release", "LATHE_COPY_TO", "aws/lathe"))
    assert environments["release"]["LATHE_COPY_TO"] == "google/lathe aws/lathe"


def test_an_environment_that_github_does_not_have_is_an_error(github: GitHub) -> None:
    with pytest.raises(OutsideError, match="404"):
        set_variable(github, VariableSetting("nowhere", "LATHE_ECR_ROLE", "new"))


@pytest.mark.parametrize(
    "output",
    [
        None,
        {},
        [],
        {"release": None},
        {"release": {"lower": "x"}},
        {"release": {"NAME": 1}},
        {"release": {"NAME": ""}},
        {"release": {"NAME": "two\nlines"}},
        {"a/b": {"NAME": "x"}},
    ],
)
def test_an_output_of_another_shape_is_refused(output: Any) -> None:
    with pytest.raises(InputError, match="the output github_variables"):
        read_variables(output)


def test_the_printed_command_survives_a_shell() -> None:
    command = VariableSetting("release", "NAME", "it's $HOME").write_command("lathe-ml/lathe")
    assert command.endswith("""--body 'it'"'"'s $HOME'""")


def test_words_are_merged_once_each_in_their_order() -> None:
    assert merge_words("a b", "b c") == "a b c"
    assert merge_words("", "a") == "a"
