"""What goes wrong in production, done on purpose to Lathe and its peers: one module an experiment."""
