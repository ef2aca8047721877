"""The one thing training and serving share: schema, features, scores and the bundle."""
