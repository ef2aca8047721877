"""Who approved what: the label, the decision, the record, and how it is found again."""
