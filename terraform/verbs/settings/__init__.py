"""From a root's outputs to the repository's settings: Argo CD's clusters, and what the workflows on GitHub read."""
