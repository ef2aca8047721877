"""What turns a gated bundle into an image and moves it through Git; it edits overlays, never a cluster."""
