"""`python -m terraform.verbs`: what Terraform does not do by itself, as destroying what controllers made."""
