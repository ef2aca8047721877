# What pods may do in Google Cloud: their Kubernetes service accounts are members of IAM themselves. No key, no Google service account between.
locals {
  workload_pool = "principal://iam.googleapis.com/projects/${local.number}/locations/global/workloadIdentityPools/${local.project}.svc.id.goog"

  pods = {
    for name, pod in {
      predictor = { namespace = var.kubernetes_namespaces.serving, buckets = { predictions = "roles/storage.objectCreator" } }
      monitor   = { namespace = var.kubernetes_namespaces.serving, buckets = { bundles = "roles/storage.objectViewer", predictions = "roles/storage.objectViewer" } }
      mlflow    = { namespace = var.kubernetes_namespaces.mlflow, buckets = { mlflow = "roles/storage.objectUser" } }
      training  = { namespace = var.kubernetes_namespaces.training, buckets = local.training_buckets }
    } : name => merge(pod, { principal = "${local.workload_pool}/subject/ns/${pod.namespace}/sa/${name}" })
  }

  training_buckets = { bundles = "roles/storage.objectUser", mlflow = "roles/storage.objectUser" }

  pod_buckets = merge([
    for name, pod in local.pods : { for bucket, role in pod.buckets : "${name} ${bucket}" => { bucket = bucket, role = role, member = pod.principal } }
  ]...)
}

resource "google_storage_bucket_iam_member" "pod" {
  for_each = local.pod_buckets

  bucket = local.bucket_names[each.value.bucket]
  role   = each.value.role
  member = each.value.member

  # the pool of Workload Identity is there with the project's first cluster
  depends_on = [google_container_cluster.this, module.bundles, module.mlflow, module.predictions]
}

# A custom job of Vertex AI has no resource in Terraform: `make train-vertex` submits it, and it runs as this account.
resource "google_service_account" "training" {
  account_id   = "${local.full_name}-training"
  display_name = "${local.full_name}: training jobs on Vertex AI"

  depends_on = [google_project_service.this]
}

resource "google_storage_bucket_iam_member" "training" {
  for_each = local.training_buckets

  bucket = local.bucket_names[each.key]
  role   = each.value
  member = google_service_account.training.member

  depends_on = [module.bundles, module.mlflow]
}

resource "google_artifact_registry_repository_iam_member" "training" {
  location   = google_artifact_registry_repository.this.location
  repository = google_artifact_registry_repository.this.name
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.training.member
}

resource "google_project_iam_member" "training" {
  project = local.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.training.member
}
