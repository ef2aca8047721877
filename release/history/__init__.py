"""What ran where and when, and what may run: by Git alone; and beside it what the cluster says."""
