# A state names every secret that Terraform made: one way in (IAM), never public, every version kept for a year.
resource "google_storage_bucket" "state" {
  # checkov:skip=CKV_GCP_62:who reads the state is in the project's audit log; an access log would need a second bucket
  name                        = local.full_name
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = 2592000
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }

    condition {
      days_since_noncurrent_time = var.keep_old_versions_days
      with_state                 = "ARCHIVED"
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}
