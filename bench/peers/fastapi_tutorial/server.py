# mypy: ignore-errors
"""What a tutorial writes: pydantic model, pandas frame, predict_proba, a synchronous route on plain uvicorn."""

import argparse

import pandas as pd
import uvicorn
from fastapi import FastAPI
from pydantic import create_model
from xgboost import XGBClassifier


def build_app(path: str) -> FastAPI:
    classifier = XGBClassifier()
    classifier.load_model(path)
    features = classifier.get_booster().feature_names
    row_type = create_model("Row", **{f"feature_{i}": (float, ...) for i in range(len(features))})
    app = FastAPI()

    @app.post("/predict")
    def predict(row: row_type) -> dict[str, float]:
        frame = pd.DataFrame([list(row.model_dump().values())], columns=features)
        return {"probability": float(classifier.predict_proba(frame)[0, 1])}

    @app.post("/predict_batch")
    def predict_batch(rows: list[row_type]) -> dict[str, list[float]]:
        frame = pd.DataFrame([list(row.model_dump().values()) for row in rows], columns=features)
        return {"probabilities": classifier.predict_proba(frame)[:, 1].tolist()}

    return app


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    uvicorn.run(build_app(given.model), host="127.0.0.1", port=given.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
