output "bucket" {
  description = "Where the state of every environment of this account is."
  value       = module.state.name
}

output "backend_test" {
  description = "What terraform/eks/envs/test.backend.hcl has to say."
  value       = <<-EOT
    bucket = "${module.state.name}"
    key    = "eks/test/terraform.tfstate"
    region = "${var.region}"
  EOT
}

output "backend_prod" {
  description = "What terraform/eks/envs/prod.backend.hcl has to say."
  value       = <<-EOT
    bucket = "${module.state.name}"
    key    = "eks/prod/terraform.tfstate"
    region = "${var.region}"
  EOT
}
