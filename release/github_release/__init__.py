"""What people read of a release: changelog, notes, the GitHub release."""
