"""GitHub's API: one client, its types, its limits."""
