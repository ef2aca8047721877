"""From machine data to a gated bundle: data, features, train, evaluate, gate, package."""
