"""After the gate: what it found, for machines as JSON, for a pull request as Markdown, for people as one HTML page."""
