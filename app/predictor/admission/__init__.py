"""What is let in: bytes in flight, uploads at once, connections, and who gives way where there is no room."""
