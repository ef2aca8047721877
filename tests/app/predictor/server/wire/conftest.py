"""One of each question for the tests of what is beneath HTTP."""

from typing import Any

import pytest

from contract.bundle import Bundle
from tests.app.predictor.questions import Question, make_questions


@pytest.fixture(scope="session")
def questions(bundle: Bundle, row: dict[str, Any]) -> dict[str, Question]:
    return make_questions(bundle, row)
