resource "google_artifact_registry_repository" "this" {
  repository_id = local.full_name
  location      = var.region
  format        = "DOCKER"
  description   = "Images of ${local.full_name}: predictor, training, monitor"
  kms_key_name  = google_kms_crypto_key.data.id
  labels        = local.labels

  docker_config {
    immutable_tags = true
  }

  vulnerability_scanning_config {
    enablement_config = "INHERITED" # on, by containerscanning.googleapis.com of versions.tf
  }

  # what no tag names is a build that was not released
  cleanup_policies {
    id     = "untagged"
    action = "DELETE"

    condition {
      tag_state  = "UNTAGGED"
      older_than = "2592000s"
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.service]
}

resource "google_artifact_registry_repository_iam_member" "node" {
  location   = google_artifact_registry_repository.this.location
  repository = google_artifact_registry_repository.this.name
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.node.member
}
