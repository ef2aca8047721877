"""How good a model honestly is, beside baselines."""
