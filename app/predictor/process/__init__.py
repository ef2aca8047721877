"""The life of the process: its start, the signals it gets, its end."""
