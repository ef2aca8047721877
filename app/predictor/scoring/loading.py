"""The served model, verified and made ready in a thread of its own."""

from concurrent.futures import Future, ThreadPoolExecutor

from app.predictor.scoring.model import ServedModel, load_model
from app.predictor.settings import Settings

Loading = Future[ServedModel]


def begin_loading(settings: Settings) -> Loading:
    """The model of the bundle that is set, sooner or later; its errors are those of `load_model`."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="load")
    loading = thread.submit(load_model, settings.bundle, settings.count_threads(), settings.parity_rows)
    thread.shutdown(wait=False)
    return loading
