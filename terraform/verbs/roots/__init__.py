"""A root of Terraform in one environment: its state, its outputs, and what its errors mean."""
