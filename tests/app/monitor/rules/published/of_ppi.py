"""Reads cases as JSON from the file named, and prints what ppi-python makes of each: the estimate and its 95 % ends.

Run by tests/app/monitor/rules/published/test_quality.py in an environment of its own; ppi.json keeps what it printed.
"""

import json
import sys

import numpy as np
from ppi_py import ppi_mean_ci, ppi_mean_pointestimate

with open(sys.argv[1], encoding="utf-8") as file:
    cases = json.load(file)
found = {}
for name, case in cases.items():
    outcomes, of_labels, scores = (np.array(case[part], dtype=float) for part in ("outcomes", "labelled", "scores"))
    point = ppi_mean_pointestimate(outcomes, of_labels, scores, lam=1)
    low, high = ppi_mean_ci(outcomes, of_labels, scores, alpha=0.05, lam=1)
    found[name] = [float(np.squeeze(part)) for part in (point, low, high)]
print(json.dumps(found, indent=2))
