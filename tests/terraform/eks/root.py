"""terraform/eks as its tests see it."""

from pathlib import Path

ROOT_FOLDER = Path(__file__).parents[3] / "terraform" / "eks"
