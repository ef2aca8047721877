import msgspec
import numpy as np
import pytest

from cli.errors import EXIT_USAGE, InputError
from contract.bundle import MODEL_NAME, Bundle
from contract.schema import Calibration
from tests import planted
from training.gate.evidence import HoldoutEvidence, fill_frame, gather_evidence, score_frame


def gather(candidate: Bundle, champion: Bundle | None) -> HoldoutEvidence:
    return gather_evidence(candidate, champion, planted.machine_table(), planted.quick_params())


def test_everyone_is_judged_on_the_same_rows_that_training_left_out() -> None:
    evidence = gather(planted.candidate(), planted.champion())
    split = planted.split_table(planted.machine_table())
    assert len(evidence.holdout) == len(split.test)
    assert len(evidence.fitted) == len(split.train)
    targets = [judgement.target for judgement in evidence.judgements.values()]
    assert list(evidence.judgements) == ["candidate", "champion", "rule"]
    assert all(np.array_equal(target, evidence.holdout.target) for target in targets)


def test_each_bundle_decides_by_its_own_threshold() -> None:
    evidence = gather(planted.candidate(), planted.champion())
    assert evidence.candidate.judgement.threshold == planted.candidate().manifest.threshold
    assert evidence.champion is not None
    assert evidence.champion.judgement.threshold == planted.champion().manifest.threshold


@pytest.mark.slow
def test_dataset_without_a_rule_has_no_rule_to_compare_with() -> None:
    table = planted.customer_table("churn")
    evidence = gather_evidence(planted.customer_bundle("churn"), None, table, planted.quick_params())
    assert list(evidence.judgements) == ["candidate"]


@pytest.mark.parametrize("role", ["candidate", "champion"])
def test_bundle_of_another_dataset_is_bad_input_that_names_it(role: str) -> None:
    other = planted.customer_bundle("churn")
    pair = (other, planted.champion()) if role == "candidate" else (planted.candidate(), other)
    with pytest.raises(InputError, match=f"the {role} churn .* has the model name 'churn', expected 'ai4i'") as caught:
        gather(*pair)
    assert caught.value.exit_code == EXIT_USAGE


def test_champion_of_another_task_or_target_is_bad_input() -> None:
    schema = planted.champion().manifest.schema
    for changed, what in (
        (msgspec.structs.replace(schema, task="regression"), "task"),
        (planted.other_target(schema), "target"),
    ):
        with pytest.raises(InputError, match=f"has the {what} "):
            gather(planted.candidate(), planted.forge(planted.champion(), schema=changed))


def test_damaged_champion_is_bad_input() -> None:
    champion = planted.champion()
    damaged = Bundle(manifest=champion.manifest, files={**champion.files, MODEL_NAME: b"\x80\x04pickle"})
    with pytest.raises(InputError, match=r"the champion cannot be used: model\.ubj is not a UBJSON model"):
        gather(planted.candidate(), damaged)


def test_champion_whose_scores_are_not_numbers_is_bad_input() -> None:
    broken = planted.forge(planted.champion(), calibration=Calibration(slope=float("nan"), intercept=0.0))
    with pytest.raises(InputError, match="gives scores that are not numbers"):
        gather(planted.candidate(), broken)


def test_champion_that_reads_a_column_the_data_lost_is_bad_input() -> None:
    champion = planted.champion()
    columns = list(champion.manifest.schema.columns)
    columns[-1] = msgspec.structs.replace(columns[-1], source="Vibration [mm]")
    schema = msgspec.structs.replace(champion.manifest.schema, columns=tuple(columns))
    with pytest.raises(InputError, match=r"the champion reads the raw column 'Vibration \[mm\]'"):
        gather(planted.candidate(), planted.forge(champion, schema=schema))


def test_scores_of_a_frame_are_those_of_the_table() -> None:
    evidence = gather(planted.candidate(), None)
    model, holdout = evidence.candidate.model, evidence.holdout
    assert np.array_equal(fill_frame(model, holdout.frame), holdout.matrix)
    assert np.array_equal(score_frame(model, holdout.frame), model.score_matrix(holdout.matrix))
