# mypy: ignore-errors
"""The bundle's model in MLflow's own format, which `mlflow models serve` asks for."""

import argparse
import shutil

import mlflow.xgboost
import xgboost


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    given = parser.parse_args()
    shutil.rmtree(given.out, ignore_errors=True)  # MLflow refuses a folder that is there
    booster = xgboost.Booster(model_file=given.model)
    booster.feature_names = None  # plain `inputs` tensors carry none, and cost less than named frames
    mlflow.xgboost.save_model(booster, given.out, model_format="ubj")


if __name__ == "__main__":
    main()
