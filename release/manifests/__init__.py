"""The overlays: what they name, what they render, how two of them differ."""
