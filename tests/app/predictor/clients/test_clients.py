"""Official and usual clients, each as it is: small and large bodies, sized and streamed, over kept connections."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.environments import install_requirements
from cli.errors import CommandError
from contract.bundle import Bundle
from contract.compute.scoring import PARITY_TOLERANCE, ReferenceModel
from tests.app.predictor.questions import Question, make_questions, read_lines
from tests.app.predictor.running import ROOT, RunningServer
from tests.app.predictor.server.wire.talk import ask, make_request
from training.data.table import Table

pytestmark = pytest.mark.slow

PROGRAMS = Path(__file__).parent / "programs"
ENVIRONMENTS = Path(__file__).parent / "environments"  # pins; made under .tools/clients
PYTHON = sys.executable
ROWS = 40  # of the inference requests

CLIENTS: dict[str, tuple[str, ...]] = {
    "Java's HttpClient": ("java", "Client.java"),
    "Go's net/http": ("go", "run", "client.go"),
    "Node's fetch": ("node", "client.mjs"),
    "curl": ("curl", "curl.sh"),
    "curl --http2": ("curl", "curl.sh", "--http2"),
    "curl --http1.0": ("curl", "curl.sh", "--http1.0"),
    "curl that waits to continue": ("curl", "curl.sh", "--header", "expect: 100-continue"),
    "curl that takes anything compressed": ("curl", "curl.sh", "--compressed", "--range", "0-1000000"),
    "aiohttp": (PYTHON, "of_aiohttp.py"),
    "httpx": (PYTHON, "of_httpx.py"),
    "requests": (PYTHON, "of_requests.py"),
    "urllib": (PYTHON, "of_urllib.py"),
}


def make_command(client: str, job: Path) -> list[str]:
    program, *given = CLIENTS[client]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    words = [str(PROGRAMS / word) if (PROGRAMS / word).is_file() else word for word in given]
    if program != "curl":
        return [program, *words, str(job)]
    script, *options = words
    return [script, str(job), *options]


@pytest.fixture(scope="module")
def questions(bundle: Bundle, row: dict[str, Any]) -> dict[str, Question]:
    return make_questions(bundle, row)


def is_possible(client: str, how: str) -> bool:
    return not (how == "streamed" and "http1.0" in client)  # which has no chunks


@pytest.mark.parametrize("how", ["sized", "streamed"])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_gets_the_right_answers(
    server: RunningServer, questions: dict[str, Question], bundle: Bundle, tmp_path: Path, client: str, how: str
) -> None:
    if not is_possible(client, how):
        pytest.skip("HTTP/1.0 has no chunked bodies")
    job = tmp_path / "job"
    command = make_command(client, job)
    asked = [*questions.values(), *questions.values()]
    lines = []
    for number, question in enumerate(asked):
        body = tmp_path / f"body-{number}"
        body.write_bytes(question.body)
        answer_to = str(tmp_path / f"answer-{number}")
        lines.append([f"{server.url}{question.target}", question.content_type, how, str(body), answer_to])
    job.write_text("".join("\t".join(line) + "\n" for line in lines))
    finished = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert finished.returncode == 0, finished.stderr
    expected = [ask(server, make_request(one.target, one.body, ("content-type", one.content_type))) for one in asked]
    assert finished.stdout.split() == [str(answer.status) for answer in expected]
    for line, answer in zip(lines, expected, strict=True):
        assert read_lines(Path(line[-1]).read_bytes()) == read_lines(answer.body), line[0]
    told = json.loads(Path(lines[0][-1]).read_bytes())
    assert told["predictions"][0]["score"] == pytest.approx(bundle.manifest.golden[0].score, abs=PARITY_TOLERANCE)


def make_environment(name: str) -> Path:
    """The Python of an environment that does not agree with ours, made once under .tools."""
    folder = ROOT / ".tools" / "clients" / name
    try:
        install_requirements(ENVIRONMENTS / f"{name}.txt", folder)
    except CommandError as error:
        pytest.skip(f"{name} cannot be installed: {error}")
    return folder / "bin" / "python"


@pytest.mark.parametrize("name", ["kserve-0.15", "kserve-0.21", "mlserver"])
def test_an_official_client_of_the_inference_protocol_works_unchanged(
    server: RunningServer, bundle: Bundle, table: Table, tmp_path: Path, name: str
) -> None:
    python = make_environment(name)
    # to what single floats can hold: some forms send them
    columns = {column: _to_singles(values[:ROWS].tolist()) for column, values in table.inputs.items()}
    expected = ReferenceModel.from_bundle(bundle).score_table(columns)
    file = tmp_path / "columns"
    file.write_text(json.dumps(columns))
    program = PROGRAMS / f"of_{name.partition('-')[0]}.py"
    command = [str(python), str(program), server.url, bundle.manifest.name, str(file)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert finished.returncode == 0, finished.stderr[-3000:]
    found = json.loads(finished.stdout.splitlines()[-1])
    assert found.pop("ready", True) is True
    assert len(found) >= 12
    for form, scores in found.items():
        np.testing.assert_allclose(scores, expected, atol=PARITY_TOLERANCE, rtol=0, err_msg=form)


def _to_singles(values: list[Any]) -> list[Any]:
    return [value if isinstance(value, str) else float(np.float32(value)) for value in values]
