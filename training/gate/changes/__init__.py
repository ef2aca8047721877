"""The data themselves against the champion's: collapsed, in other units, coarser, or without a category."""
