"""From a model to a bundle: export, provenance, calibration curve."""
