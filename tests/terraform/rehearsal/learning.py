"""What is learnt and stands in no Git: MLflow's database and artifacts, and which outcomes were counted.

Kept as docs/operate.md has it: one archive in a versioned bucket, with symbolic links as links, for a copy file by file
follows or drops them.
"""

import hashlib
import io
import shutil
import sqlite3
import subprocess
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.predictor.receipts.outcomes import ReportedOutcome
from app.predictor.receipts.receipts import Receipt
from app.predictor.receipts.used_receipts import NotedReceipts
from tests.patience import LAST_RESORT_SECONDS

MODEL, ALIAS = "lathe", "champion"
MAX_AGE_SECONDS = 90 * 24 * 3600
KEY = "backups/learning.tar.gz"


@dataclass(frozen=True)
class Learning:
    """One folder with `mlflow.db`, `artifacts/` and `outcomes/`."""

    folder: Path

    def begin(self, bundle: bytes, outcomes: int) -> None:
        """A champion with this bundle, and so many outcomes that were counted."""
        (self.folder / "outcomes").mkdir(parents=True)
        client = self._open_registry()
        experiment = client.create_experiment("lathe", artifact_location=(self.folder / "artifacts").as_uri())
        run = client.create_run(experiment)
        client.log_text(run.info.run_id, bundle.decode(), "bundle/bundle.json")
        client.create_registered_model(MODEL)
        version = client.create_model_version(MODEL, f"{run.info.artifact_uri}/bundle", run.info.run_id)
        client.set_registered_model_alias(MODEL, ALIAS, version.version)
        assert all(self.count_outcomes(outcomes)), "outcomes that were never reported must all be first ones"

    def read_champion(self) -> str:
        """Version and digest of the bundle that the alias leads to."""
        client = self._open_registry()
        version = client.get_model_version_by_alias(MODEL, ALIAS)
        source = Path(client.get_run(version.run_id).info.artifact_uri.removeprefix("file://"))
        content = (source / "bundle" / "bundle.json").read_bytes()
        return f"version {version.version}, bundle {hashlib.sha256(content).hexdigest()[:12]}"

    def count_outcomes(self, number: int) -> list[bool]:
        """Whether each of the outcomes is counted now: an outcome that was counted before is not."""
        today = int(time.time())
        receipts = (Receipt(bytes([one]) * 16, 0.5, 0.5, True, today, MODEL, "1", 0.0) for one in range(number))
        folder = NotedReceipts(self.folder / "outcomes", MAX_AGE_SECONDS)
        return folder.use([ReportedOutcome(receipt, 1.0, True) for receipt in receipts])

    def pack(self) -> bytes:
        """Everything, the database as one consistent copy while others may write."""
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w:gz") as archive:
            copy = self.folder / "copy.db"
            with sqlite3.connect(self.folder / "mlflow.db") as source, sqlite3.connect(copy) as target:
                source.backup(target)
            archive.add(copy, "mlflow.db")
            copy.unlink()
            for name in ("artifacts", "outcomes"):
                archive.add(self.folder / name, name)
        return content.getvalue()

    def unpack(self, content: bytes) -> None:
        self.folder.mkdir(parents=True)
        # the target of a link is an outcome and no path, so links are taken as they are
        command = ["tar", "-xzf", "-", "-C", str(self.folder)]
        subprocess.run(command, input=content, check=True, timeout=LAST_RESORT_SECONDS)

    def lose(self) -> None:
        shutil.rmtree(self.folder)

    def _open_registry(self) -> Any:
        from mlflow import MlflowClient  # noqa: PLC0415 - MLflow takes 2 s to import

        return MlflowClient(f"sqlite:///{self.folder / 'mlflow.db'}")


def lose_and_restore(learning: Learning, s3: Any, bucket: str, outcomes: int) -> str:
    """Everything lost, the archive in the bucket deleted too, all brought back; what stands there afterwards.

    Raises: AssertionError where another champion or another count comes back.
    """
    before = learning.read_champion()
    s3.put_object(Bucket=bucket, Key=KEY, Body=learning.pack())
    learning.lose()
    s3.delete_object(Bucket=bucket, Key=KEY)
    marks = s3.list_object_versions(Bucket=bucket, Prefix=KEY)["DeleteMarkers"]
    s3.delete_object(Bucket=bucket, Key=KEY, VersionId=marks[0]["VersionId"])
    learning.unpack(s3.get_object(Bucket=bucket, Key=KEY)["Body"].read())
    after = learning.read_champion()
    assert after == before, f"champion {after}, expected {before}"
    counted = learning.count_outcomes(outcomes + 1)
    assert counted == [False] * outcomes + [True], f"{sum(counted)} of {outcomes + 1} outcomes count again, expected 1"
    return f"champion {after}; {outcomes} outcomes still counted, a new one counts"
