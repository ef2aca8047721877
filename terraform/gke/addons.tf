# GKE brings its add-ons (DNS, network policies, CSI, metrics) with the cluster and upgrades them with it: nothing to order here, unlike EKS.
# What is left is where the logs of the cluster go: to a bucket of their own, kept as long as var.log_retention_days says.
resource "google_logging_project_bucket_config" "this" {
  project        = local.project
  location       = var.region
  bucket_id      = local.full_name
  retention_days = var.log_retention_days
  description    = "Logs of the cluster ${local.full_name}, its control plane and its audit among them"

  depends_on = [google_project_service.this]
}

resource "google_logging_project_sink" "this" {
  name                   = local.full_name
  destination            = "logging.googleapis.com/${google_logging_project_bucket_config.this.id}"
  filter                 = "resource.labels.cluster_name=\"${local.full_name}\" OR resource.labels.subnetwork_name=\"${local.full_name}-private\""
  unique_writer_identity = true
}

resource "google_project_iam_member" "logs" {
  project = local.project
  role    = "roles/logging.bucketWriter"
  member  = google_logging_project_sink.this.writer_identity
}
