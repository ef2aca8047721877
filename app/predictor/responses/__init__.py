"""What every answer shares: an exception's answer, its counts and log line, its bytes."""
