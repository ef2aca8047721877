output "bucket" {
  description = "Where the state of every environment of this project is."
  value       = google_storage_bucket.state.name
}

output "backend_test" {
  description = "What terraform/gke/envs/test.backend.hcl has to say."
  value       = <<-EOT
    bucket = "${google_storage_bucket.state.name}"
    prefix = "gke/test"
  EOT
}

output "backend_prod" {
  description = "What terraform/gke/envs/prod.backend.hcl has to say."
  value       = <<-EOT
    bucket = "${google_storage_bucket.state.name}"
    prefix = "gke/prod"
  EOT
}
