"""What a predictor is made of, built once from the settings; each user gets only the parts that it needs."""

from app.predictor.admission.batch_threads import BatchThreads
from app.predictor.admission.connections import Connections, limit_connections
from app.predictor.admission.requests import RequestAdmission
from app.predictor.admission.room import Room
from app.predictor.admission.upload_place import Uploads
from app.predictor.auth.access import Access
from app.predictor.counters import Counters
from app.predictor.http.request_ids import RequestIds
from app.predictor.last_scrape import LastScrape
from app.predictor.lifecycle import Lifecycle
from app.predictor.prediction_log.log import open_prediction_log
from app.predictor.receipts.outcomes import FeedbackSums
from app.predictor.receipts.receipts import read_receipt_keys
from app.predictor.receipts.used_receipts import open_used_receipts
from app.predictor.settings import Settings


class Services:
    """The parts, without the routes."""

    def __init__(self, settings: Settings, counters: Counters) -> None:
        """Raises: KeyFileError, ReceiptKeyError, FeedbackFolderError, LogFolderError."""
        self.settings = settings
        self.counters = counters
        self.request_ids = RequestIds()
        self.lifecycle = Lifecycle()
        self.threads = BatchThreads(counters, settings.count_threads(), settings.max_waiting_batches)
        self.connections = Connections(limit_connections(settings.max_connections))
        self.bytes_in_flight = Room(settings.max_bytes_in_flight)
        self.uploads = Uploads(settings.max_uploads, settings.max_answer_bytes)
        self.receipt_keys = read_receipt_keys(settings.receipt_key_file)
        self.feedback = FeedbackSums()
        self.last_scrape = LastScrape(self.lifecycle, self.feedback)
        self.used_receipts = open_used_receipts(settings)
        self.prediction_log = open_prediction_log(settings)
        self.access = Access(settings.api_keys_file) if settings.api_keys_file else None
        self.admission = RequestAdmission(counters, self.access, settings.max_concurrency)
