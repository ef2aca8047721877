"""The serving benchmark: Lathe beside its peers and its ceilings on one machine."""
