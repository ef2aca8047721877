"""The document and the server keep each other's word: official clients and schemathesis hold one against the other."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tritonclient import http as triton
from tritonclient.utils import InferenceServerException

from contract.bundle import Bundle
from contract.compute.scoring import PARITY_TOLERANCE
from tests.app.predictor.running import RunningServer

LEAST_CASES = 1000
TYPES = {"category": ("BYTES", object), "integer": ("INT64", np.int64), "number": ("FP64", np.float64)}


@pytest.fixture
def client(server: RunningServer) -> Any:
    opened = triton.InferenceServerClient(f"127.0.0.1:{server.port}")
    yield opened
    opened.close()


def make_inputs(bundle: Bundle, is_binary: bool) -> list[Any]:
    """The golden rows as the client's tensors."""
    tensors = []
    for column in bundle.manifest.schema.columns:
        datatype, kind = TYPES[column.type]
        values = np.array([entry.row[column.name] for entry in bundle.manifest.golden], dtype=kind)
        tensors.append(triton.InferInput(column.name, [len(values)], datatype))
        tensors[-1].set_data_from_numpy(values, binary_data=is_binary)
    return tensors


@pytest.mark.parametrize("is_binary", [True, False])
@pytest.mark.parametrize("is_versioned", [True, False])
def test_tritons_client_gets_the_golden_scores(
    client: Any, bundle: Bundle, is_binary: bool, is_versioned: bool
) -> None:
    name, version = bundle.manifest.name, bundle.manifest.version if is_versioned else ""
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(name, version)
    outputs = None if is_binary else [triton.InferRequestedOutput("score", binary_data=False)]
    answer = client.infer(name, make_inputs(bundle, is_binary), model_version=version, outputs=outputs, request_id="r1")
    expected = [entry.score for entry in bundle.manifest.golden]
    np.testing.assert_allclose(answer.as_numpy("score"), expected, atol=PARITY_TOLERANCE, rtol=0)
    assert answer.get_response()["id"] == "r1"
    if is_binary:
        assert answer.as_numpy("decision").dtype == bool


def test_tritons_client_shows_an_error_to_its_user(client: Any, bundle: Bundle) -> None:
    with pytest.raises(InferenceServerException, match=r"\[422\] the input .* is missing"):
        client.infer(bundle.manifest.name, make_inputs(bundle, is_binary=True)[1:])
    with pytest.raises(InferenceServerException, match=r"\[404\] only .* is served here"):
        client.infer("other", make_inputs(bundle, is_binary=True))


@pytest.mark.slow
def test_schemathesis_finds_no_broken_promise(server: RunningServer, tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("schemathesis")
    options = ["--max-examples", "100", "--seed", "1", "--phases", "examples,coverage,fuzzing", "--no-color"]
    document = f"{server.url}/openapi.json"
    finished = subprocess.run(
        [command, "run", document, *options], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout[-4000:]
    assert "No issues found" in finished.stdout
    generated = re.search(r"(\d+) generated, \1 passed", finished.stdout)
    assert generated is not None, finished.stdout[-4000:]
    print(f"schemathesis generated {generated[1]} cases")
    assert int(generated[1]) >= LEAST_CASES
