"""An image in a registry: its content, its attestations, its signatures."""
