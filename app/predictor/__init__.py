"""What answers in the cluster: one verified bundle, served over HTTP."""
