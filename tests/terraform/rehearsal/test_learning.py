"""What stands in no Git comes back from a versioned bucket."""

from pathlib import Path

import pytest

from tests.ports import take_free_port
from tests.terraform.rehearsal.learning import Learning, lose_and_restore
from tests.terraform.verbs.moto_cloud import REGION, run_moto_cloud

pytestmark = pytest.mark.slow
OUTCOMES = 7


@pytest.fixture
def learning(tmp_path: Path) -> Learning:
    learning = Learning(tmp_path / "learning")
    learning.begin(b'{"name": "ai4i"}', OUTCOMES)
    return learning


def test_all_is_lost_and_the_same_champion_and_the_same_outcomes_come_back(learning: Learning) -> None:
    with run_moto_cloud(take_free_port()) as cloud:
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="mlflow", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket="mlflow", VersioningConfiguration={"Status": "Enabled"})
        line = lose_and_restore(learning, s3, "mlflow", OUTCOMES)
    assert line.startswith("champion version 1, bundle ")
    assert line.endswith("7 outcomes still counted, a new one counts")


def test_outcomes_that_did_not_come_back_are_noticed(learning: Learning) -> None:
    """As a copy file by file would leave them: without the links."""
    content = learning.pack()
    learning.lose()
    learning.unpack(content)
    assert not any(learning.count_outcomes(OUTCOMES))
    for link in (learning.folder / "outcomes").glob("*/*"):
        link.unlink()
    assert all(learning.count_outcomes(OUTCOMES))
