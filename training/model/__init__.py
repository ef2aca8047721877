"""From a table to a model: parameters, fit, search, metrics."""
