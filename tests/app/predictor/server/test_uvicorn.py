"""What of uvicorn's HTTP protocol ours relies on: none of it is promised, so another version has to be looked at."""

import ast
import inspect
import tomllib
from collections.abc import Iterator
from types import ModuleType

from uvicorn.protocols.http import flow_control, httptools_impl

from app.predictor.server import fast_path, metered, parsing, pipelining, protocol
from tests.conftest import ROOT

OURS = (fast_path, metered, parsing, pipelining, protocol)
# docs/decisions/0014-the-fast-path.md names them, too
PROTOCOL = {
    "_start_asgi_task", "_unset_keepalive_if_required", "app", "client", "connection_lost", "connection_made", "cycle",
    "data_received", "eof_received", "expect_100_continue", "flow", "headers", "loop", "on_body", "on_headers_complete",
    "on_message_begin", "on_message_complete", "on_response_complete", "parser", "pause_writing", "pipeline",
    "resume_writing", "scope", "server_state", "shutdown", "timeout_keep_alive", "timeout_keep_alive_handler",
    "timeout_keep_alive_task", "transport", "url",
}  # fmt: skip # a table


def list_attributes(tree: ast.AST) -> Iterator[str]:
    """Attributes of `self`, and methods that are called on `super()`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("self", "super()"):
            yield node.attr


def parse(module: ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))


def list_given() -> set[str]:
    """What uvicorn's protocol has: its methods and every attribute that it sets."""
    tree = ast.parse(inspect.getsource(httptools_impl.HttpToolsProtocol))
    methods = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    fields = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"
    }
    return methods | fields


def test_what_is_used_of_the_protocol_is_known_and_there() -> None:
    used = {name for module in OURS for name in list_attributes(parse(module))} & list_given()
    assert used - {"__init__"} == PROTOCOL


def test_the_version_has_an_upper_bound() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "uvicorn>=0.54,<0.55" in project["dependency-groups"]["predictor"]


def test_the_flow_of_a_connection_has_what_is_asked_of_it() -> None:
    flow = flow_control.FlowControl(None)  # type: ignore[arg-type]
    assert flow.write_paused is False
    assert callable(flow.resume_reading)
