locals {
  name = "lathe-${var.environment}"
}

resource "terraform_data" "cluster" {
  input = "${local.name}: ${var.nodes} nodes"
}
