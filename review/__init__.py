"""What a pull request sees of the gate: champion, comment, decision, approval, retraining; it needs no cluster."""
