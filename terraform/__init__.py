"""The clouds: a root of Terraform for each, and the verbs around them."""
