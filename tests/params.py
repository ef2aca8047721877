"""Parameters as they were on 2026-11-28: with what the project trains by now is no concern of the tests."""

from training.params import EvaluationParams, Params

PARAMS = Params(
    model={
        "tree_method": "exact",
        "max_depth": 4,
        "eta": 0.03,
        "subsample": 0.9,
        "colsample_bytree": 0.8,
        "min_child_weight": 1.0,
        "gamma": 0.0,
        "reg_lambda": 3.0,
        "reg_alpha": 0.0,
    },
    rounds=300,
    seed=20,
    evaluation=EvaluationParams(folds=5, repeats=5, inner_folds=4, holdout_share=0.2),
)
