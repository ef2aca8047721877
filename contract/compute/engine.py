"""From the model's input to margins: ONNX Runtime for a few rows, XGBoost on every core for many.

What training judges and what serves is this same code, with the same options.
"""

import math
import struct
import threading
from collections.abc import Sequence
from typing import Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, InvalidGraph, InvalidProtobuf

from contract.bundle import INFERENCE_NAME, Bundle
from contract.compute.plan import Matrix
from contract.compute.scoring import ReferenceModel
from contract.errors import BundleError

FEW_ROWS = 64  # up to here ONNX Runtime answers on the event loop, sooner than a thread would start
INPUT_NAME = "features"
OUTPUT_NAME = "variable"

EngineName = Literal["onnxruntime", "xgboost"]
Margins = NDArray[np.float32]


def open_session(content: bytes, features: int) -> onnxruntime.InferenceSession:
    """ONNX Runtime on verified bytes, one thread: a pool costs more than one row takes.

    Raises: BundleError if they are no ONNX model of that many features.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf) as error:
        raise BundleError(f"{INFERENCE_NAME} is not readable by ONNX Runtime {onnxruntime.__version__}") from error
    shapes = [(value.name, value.shape[-1]) for value in (*session.get_inputs(), *session.get_outputs())]
    if shapes != [(INPUT_NAME, features), (OUTPUT_NAME, 1)]:
        raise BundleError(f"{INFERENCE_NAME} has {shapes}, expected {INPUT_NAME} of {features} and {OUTPUT_NAME} of 1")
    return session


class OnnxRows:
    """A few rows through buffers that are bound once; not safe for threads, the event loop is its only caller."""

    def __init__(self, session: onnxruntime.InferenceSession, features: int) -> None:
        self._input = np.zeros((FEW_ROWS, features), dtype=np.float32)
        self._output = np.zeros((FEW_ROWS, 1), dtype=np.float32)
        self._bytes = self._input.data.cast("B", (self._input.nbytes,))
        self._run = session.run_with_iobinding
        self._bound = [self._bind(session, rows) for rows in range(1, FEW_ROWS + 1)]

    def _bind(self, session: onnxruntime.InferenceSession, rows: int) -> tuple[onnxruntime.IOBinding, Margins]:
        """The first `rows` rows of the buffers, and where their margins will be."""
        binding = session.io_binding()
        for bind, name, buffer in (
            (binding.bind_input, INPUT_NAME, self._input[:rows]),
            (binding.bind_output, OUTPUT_NAME, self._output[:rows]),
        ):
            bind(name, "cpu", 0, np.float32, buffer.shape, buffer.ctypes.data)
        return binding, self._output[:rows, 0]

    def compute_margins(self, vectors: Sequence[bytes]) -> list[float]:
        """One margin a vector; 1 to FEW_ROWS vectors, each as `Engine.pack` gives it."""
        binding, margins = self._bound[len(vectors) - 1]
        packed = b"".join(vectors)
        self._bytes[: len(packed)] = packed
        margins.fill(math.nan)  # a run that wrote nothing must not repeat the last answer
        self._run(binding)
        listed: list[float] = margins.tolist()
        return listed


class Engine:
    """Margins of a verified bundle, by whichever library is faster for that many rows.

    A batch alone gets every core; batches at once get one each, which costs no waiting at the end of each call.
    """

    def __init__(self, bundle: Bundle, threads: int) -> None:
        """Raises: BundleError."""
        features = len(bundle.manifest.schema.features)
        self.reference = ReferenceModel.from_bundle(bundle, threads)
        content = bundle.files.get(INFERENCE_NAME)
        self._session = open_session(content, features) if content is not None else None
        self._rows = OnnxRows(self._session, features) if self._session else None
        self.pack = struct.Struct(f"{features}f").pack  # a row of features as float32, OverflowError if one is beyond
        self._narrow = ReferenceModel.from_bundle(bundle, 1)
        self._busy = 0
        self._lock = threading.Lock()

    @property
    def name(self) -> EngineName:
        """The library that answers single rows and a few."""
        return "xgboost" if self._session is None else "onnxruntime"

    def leave_onnx(self) -> None:
        """From here on XGBoost answers few rows too."""
        self._session = self._rows = None

    def compute_margins(self, vectors: Sequence[bytes]) -> list[float]:
        """The margins of 1 to FEW_ROWS packed rows of features, on the event loop's thread.

        In company a row costs little more than half of what it costs alone: the trees are still in the cache.
        """
        if self._rows is not None:
            return self._rows.compute_margins(vectors)
        matrix = np.frombuffer(b"".join(vectors), dtype=np.float32).reshape(len(vectors), -1)
        margins: list[float] = self.compute_few(matrix).tolist()
        return margins

    def compute_few(self, matrix: Matrix) -> Margins:
        """Margins of shape (rows,) on one thread, on the event loop's thread."""
        if self._session is not None:
            few: Margins = self._session.run([OUTPUT_NAME], {INPUT_NAME: matrix})[0][:, 0]
            return few
        return self.compute_exact(matrix)

    def compute_many(self, matrix: Matrix) -> Margins:
        """Margins of shape (rows,) on all of the pod's cores, or on one if other batches are under way."""
        with self._lock:
            self._busy += 1
            model = self.reference if self._busy == 1 else self._narrow
        try:
            return self.predict(model, matrix)
        finally:
            with self._lock:
                self._busy -= 1

    def compute_exact(self, matrix: Matrix) -> Margins:
        """Margins of shape (rows,) as XGBoost computes them on one thread: what every other path must equal."""
        return self.predict(self._narrow, matrix)

    @staticmethod
    def predict(model: ReferenceModel, matrix: Matrix) -> Margins:
        # that the matrix has the model's features is known since the bundle was loaded
        margins: Margins = model.booster.inplace_predict(
            matrix, predict_type="margin", missing=np.nan, validate_features=False
        )
        return margins
