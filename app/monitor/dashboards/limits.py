"""Limits that colour the panels, as the rules have them."""

DRIFT, STRONG_DRIFT = 0.02, 0.1  # of PSI's lower bound; NO_DRIFT is of its upper bound
NO_DRIFT = 0.1
CALIBRATION = 3.0  # standard errors
