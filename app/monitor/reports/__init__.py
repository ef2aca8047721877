"""Reports for people, of the rows in the prediction log; alerts come from the predictor's counters, not from here."""
