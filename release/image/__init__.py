"""From a gated bundle to an image on this machine."""
