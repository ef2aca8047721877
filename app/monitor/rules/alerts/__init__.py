"""Every alert: what fires it, how long that must hold, and what a person reads. docs/runbook.md has each."""
