"""From the model's input to margins: ONNX Runtime for a few rows, XGBoost on every core for many."""

import math
import struct
import threading
from collections.abc import Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, InvalidGraph, InvalidProtobuf

from app.contract.bundle import INFERENCE_NAME, Bundle
from app.contract.errors import BundleError
from app.contract.features.plan import Matrix
from app.contract.scoring import ReferenceModel

INPUT_NAME = "features"
OUTPUT_NAME = "variable"

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
    found = [(value.name, value.shape[-1]) for value in (*session.get_inputs(), *session.get_outputs())]
    if found != [(INPUT_NAME, features), (OUTPUT_NAME, 1)]:
        raise BundleError(f"{INFERENCE_NAME} has {found}, expected {INPUT_NAME} of {features} and {OUTPUT_NAME} of 1")
    return session


class OnnxRow:
    """One row through buffers that are bound once; not safe for threads, the event loop is its only caller."""

    def __init__(self, session: onnxruntime.InferenceSession, features: int) -> None:
        self._input = np.zeros((1, features), dtype=np.float32)
        self._output = np.zeros((1, 1), dtype=np.float32)
        self._pack = struct.Struct(f"{features}f").pack_into
        self._bytes = self._input.data.cast("B", (self._input.nbytes,))
        self._read = self._output.item
        binding = session.io_binding()
        binding.bind_input(INPUT_NAME, "cpu", 0, np.float32, self._input.shape, self._input.ctypes.data)
        binding.bind_output(OUTPUT_NAME, "cpu", 0, np.float32, self._output.shape, self._output.ctypes.data)
        self._binding = binding
        self._run = session.run_with_iobinding

    def compute_margin(self, vector: Sequence[float]) -> float:
        """Raises: OverflowError if a value is beyond float32."""
        self._pack(self._bytes, 0, *vector)
        self._output[0, 0] = math.nan  # a run that wrote nothing must not repeat the last answer
        self._run(self._binding)
        return self._read()


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
        self._row = OnnxRow(self._session, features) if self._session else None
        self._narrow = ReferenceModel.from_bundle(bundle, 1)
        self._busy = 0
        self._lock = threading.Lock()

    @property
    def has_onnx(self) -> bool:
        return self._session is not None

    def leave_onnx(self) -> None:
        """From here on XGBoost answers few rows too."""
        self._session = self._row = None

    def compute_margin(self, vector: Sequence[float]) -> float:
        """The margin of one row of features, on the event loop's thread."""
        if self._row is not None:
            return self._row.compute_margin(vector)
        return float(self.compute_few(np.asarray([vector], dtype=np.float32))[0])

    def compute_few(self, matrix: Matrix) -> Margins:
        """Margins of shape (rows,) on one thread, on the event loop's thread."""
        if self._session is not None:
            few: Margins = self._session.run([OUTPUT_NAME], {INPUT_NAME: matrix})[0][:, 0]
            return few
        return self.predict(self._narrow, matrix)

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

    @staticmethod
    def predict(model: ReferenceModel, matrix: Matrix) -> Margins:
        margins: Margins = model.booster.inplace_predict(matrix, predict_type="margin", missing=np.nan)
        return margins
