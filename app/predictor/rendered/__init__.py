"""Answers that take long to render: in pieces, or once for all who ask."""
