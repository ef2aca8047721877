locals {
  # Google's own identities that use the keys; Google makes each with the first use of its service in the project
  key_users = {
    cluster = { cluster = "container-engine-robot" }
    data = merge({
      buckets  = "gs-project-accounts"
      registry = "gcp-sa-artifactregistry"
    }, var.database ? { database = "gcp-sa-cloud-sql" } : {})
  }

  key_bindings = merge([for key, users in local.key_users : { for user, domain in users : "${key}/${user}" => { key = key, domain = domain } }]...)
}

resource "google_kms_key_ring" "this" {
  name     = local.full_name
  location = var.region

  depends_on = [google_project_service.this]
}

# Kubernetes' secrets, and nothing else
resource "google_kms_crypto_key" "cluster" {
  # checkov:skip=CKV_GCP_82:prevent_destroy takes no variable and would hold test for ever; guard.tf refuses the destroy instead
  name                       = "cluster"
  key_ring                   = google_kms_key_ring.this.id
  rotation_period            = "7776000s" # 90 days
  destroy_scheduled_duration = var.deletion_protection ? "2592000s" : "604800s"
}

# buckets, images, the database
resource "google_kms_crypto_key" "data" {
  # checkov:skip=CKV_GCP_82:prevent_destroy takes no variable; guard.tf refuses the destroy instead
  name                       = "data"
  key_ring                   = google_kms_key_ring.this.id
  rotation_period            = "7776000s"
  destroy_scheduled_duration = var.deletion_protection ? "2592000s" : "604800s"
}

resource "google_kms_crypto_key_iam_member" "service" {
  for_each = local.key_bindings

  crypto_key_id = each.value.key == "cluster" ? google_kms_crypto_key.cluster.id : google_kms_crypto_key.data.id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:service-${local.number}@${each.value.domain}.iam.gserviceaccount.com"
}
