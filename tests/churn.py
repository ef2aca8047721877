"""Rows for tests/data/datasets/churn.yaml and charges.yaml: the second dataset, made so that it can be learnt."""

from pathlib import Path

import numpy as np
import pandas as pd

CONTRACTS = np.array(["Month-to-month", "One year", "Two year"], dtype=object)
PAYMENTS = np.array(
    ["Bank transfer (automatic)", "Credit card (automatic)", "Electronic check", "Mailed check"], dtype=object
)
BRANCHES = 40


def generate_churn(rows: int = 2000, seed: int = 7) -> pd.DataFrame:
    """Customers by raw column, as the CSV holds them; TotalCharges is missing where tenure is 0."""
    random = np.random.Generator(np.random.PCG64(seed))
    contract = random.choice(3, size=rows, p=[0.55, 0.21, 0.24])
    payment = random.choice(4, size=rows, p=[0.22, 0.22, 0.33, 0.23])
    senior = (random.random(rows) < 0.16).astype(np.int64)
    tenure = np.minimum(random.gamma(1.2 + contract, 14.0).astype(np.int64), 72)
    base = 45.0 + 18.0 * (payment == 2) + 9.0 * senior - 6.0 * contract + 0.35 * tenure
    monthly = np.round(np.clip(random.normal(base, 9.0), 18.25, 118.75) * 20.0) / 20.0
    margin = 1.2 - 2.2 * contract + 1.3 * (payment == 2) - 0.09 * tenure + 0.03 * (monthly - 65.0)
    leaves = random.random(rows) < 1.0 / (1.0 + np.exp(-1.5 * (margin - 0.2)))
    total = np.round(monthly * tenure + random.normal(0.0, 5.0, rows) * np.sqrt(tenure), 2)
    return pd.DataFrame(
        {
            "customerID": [f"{number:04d}-{number * 7919 % 100_000:05d}" for number in range(rows)],
            "Branch": np.char.add("B", random.integers(BRANCHES, size=rows).astype(str)).astype(object),
            "Contract": CONTRACTS[contract],
            "PaymentMethod": PAYMENTS[payment],
            "SeniorCitizen": senior,
            "tenure": tenure,
            "MonthlyCharges": monthly,
            "TotalCharges": np.where(tenure == 0, np.nan, np.maximum(total, 0.0)),
            "Churn": np.where(leaves, "Yes", "No").astype(object),
        }
    )


def write_churn(path: Path, rows: int = 2000, seed: int = 7) -> Path:
    """The rows as CSV at `path`, which is returned."""
    generate_churn(rows, seed).to_csv(path, index=False)
    return path
