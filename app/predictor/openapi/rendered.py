"""The OpenAPI document's JSON, kept."""

import threading
from collections.abc import Callable
from typing import Any

import msgspec

from app.predictor.lifecycle import Lifecycle


class Document:
    """The document's JSON: made once before a model is there and once after, since it takes 5 ms."""

    def __init__(self, build: Callable[[], dict[str, Any]], lifecycle: Lifecycle) -> None:
        self._build = build
        self._lifecycle = lifecycle
        self._rendered: dict[bool, bytes] = {}
        self._lock = threading.Lock()

    def render(self) -> bytes:
        """For any thread."""
        with self._lock:
            has_model = self._lifecycle.has_model
            if has_model not in self._rendered:
                self._rendered[has_model] = msgspec.json.encode(self._build())
            return self._rendered[has_model]
