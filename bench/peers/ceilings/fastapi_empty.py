"""Ceiling: a FastAPI route that does nothing, neither reads the body nor calls a model."""

import argparse

import uvicorn
from fastapi import FastAPI


def build_app() -> FastAPI:
    app = FastAPI()

    @app.post("/predict")
    async def predict() -> dict[str, float]:
        return {"score": 0.5}

    return app


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    uvicorn.run(build_app(), host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
