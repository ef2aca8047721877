"""What the monitoring's rules find, and what they miss, on traffic whose truth is known."""
