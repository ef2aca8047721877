"""The commits and pull requests that move a version: bump, promotion, rollback."""
