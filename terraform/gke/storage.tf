locals {
  bucket_names = { for purpose in ["bundles", "logs", "mlflow", "predictions"] : purpose => "${local.project}-${local.full_name}-${purpose}" }
}

# trained bundles are kept for ever: a release names one by its digest
module "bundles" {
  source = "./bucket"

  name                   = local.bucket_names.bundles
  region                 = var.region
  key                    = google_kms_crypto_key.data.id
  labels                 = local.labels
  access_log_bucket      = module.logs.name
  keep_old_versions_days = var.log_retention_days
  force_destroy          = !var.deletion_protection

  depends_on = [google_kms_crypto_key_iam_member.service]
}

module "mlflow" {
  source = "./bucket"

  name                   = local.bucket_names.mlflow
  region                 = var.region
  key                    = google_kms_crypto_key.data.id
  labels                 = local.labels
  access_log_bucket      = module.logs.name
  keep_old_versions_days = 90
  force_destroy          = !var.deletion_protection

  depends_on = [google_kms_crypto_key_iam_member.service]
}

module "predictions" {
  source = "./bucket"

  name                   = local.bucket_names.predictions
  region                 = var.region
  key                    = google_kms_crypto_key.data.id
  labels                 = local.labels
  access_log_bucket      = module.logs.name
  expire_days            = var.log_retention_days
  keep_old_versions_days = 30
  force_destroy          = !var.deletion_protection

  depends_on = [google_kms_crypto_key_iam_member.service]
}

module "logs" {
  # checkov:skip=CKV_GCP_62:the bucket of access logs does not log itself
  source = "./bucket"

  name                   = local.bucket_names.logs
  region                 = var.region
  key                    = google_kms_crypto_key.data.id
  labels                 = local.labels
  expire_days            = var.log_retention_days
  keep_old_versions_days = 30
  force_destroy          = !var.deletion_protection

  depends_on = [google_kms_crypto_key_iam_member.service]
}

# who writes the buckets' access logs at Google
resource "google_storage_bucket_iam_member" "access_logs" {
  bucket = module.logs.name
  role   = "roles/storage.objectCreator"
  member = "group:cloud-storage-analytics@google.com"
}
