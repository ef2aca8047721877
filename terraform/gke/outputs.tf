output "environment" {
  description = "Which environment this is."
  value       = var.environment
}

output "region" {
  description = "The cloud's region."
  value       = var.region
}

output "cluster_name" {
  description = "Name of the cluster."
  value       = google_container_cluster.this.name
}

output "kubernetes_version" {
  description = "What the cluster runs: the next upgrade's previous_kubernetes_version."
  value       = google_container_cluster.this.min_master_version
}

output "cluster_endpoint" {
  description = "Address of the API server."
  value       = google_container_cluster.this.control_plane_endpoints_config[0].dns_endpoint_config[0].endpoint
}

output "cluster_ca" {
  description = "Certificate of the API server's authority, base64."
  value       = google_container_cluster.this.master_auth[0].cluster_ca_certificate
}

output "kubeconfig" {
  description = "The command that writes the kubeconfig."
  value       = "gcloud container clusters get-credentials ${google_container_cluster.this.name} --region ${var.region} --project ${local.project} --dns-endpoint"
}

output "registry" {
  description = "Where the images are: host and path; predictor, training and monitor below it."
  value       = "${var.region}-docker.pkg.dev/${local.project}/${google_artifact_registry_repository.this.repository_id}"
}

output "image_push_identity" {
  description = "What the release's runs on GitHub push images as."
  value       = google_service_account.github["push"].email
}

output "plan_identity" {
  description = "What plans on GitHub run as."
  value       = google_service_account.github["plan"].email
}

output "apply_identity" {
  description = "What applies on GitHub run as."
  value       = google_service_account.github["apply"].email
}

output "training_job_identity" {
  description = "What a training job runs as."
  value       = google_service_account.training.email
}

output "bundles_bucket" {
  description = "Where trained bundles are kept."
  value       = module.bundles.name
}

output "logs_bucket" {
  description = "Where the network's flow logs and the buckets' access logs are kept."
  value       = module.logs.name
}

output "mlflow_bucket" {
  description = "Where MLflow keeps artifacts."
  value       = module.mlflow.name
}

output "predictions_bucket" {
  description = "Where the prediction log is kept."
  value       = module.predictions.name
}

output "mlflow_database" {
  description = "Secret with what MLflow connects by; null without a database."
  value       = one(google_secret_manager_secret.mlflow[*].secret_id)
}

output "mlflow_database_host" {
  description = "Host and port of the database; null without one."
  value       = one([for instance in google_sql_database_instance.mlflow : "${instance.private_ip_address}:5432"])
}

output "network" {
  description = "Id of the network, for what looks for leftovers in it."
  value       = google_compute_network.this.id
}

output "name_servers" {
  description = "What the parent zone has to delegate the domain to; empty without a domain."
  value       = flatten(google_dns_managed_zone.this[*].name_servers)
}

output "github_variables" {
  description = "What the workflows read: per environment of GitHub its variables."
  value = {
    "release" = {
      LATHE_COPY_TO      = "${var.region}-docker.pkg.dev/${local.project}/${google_artifact_registry_repository.this.repository_id}/predictor"
      LATHE_GAR_PROVIDER = google_iam_workload_identity_pool_provider.github.name
      LATHE_GAR_ACCOUNT  = google_service_account.github["push"].email
      LATHE_GAR_HOST     = "${var.region}-docker.pkg.dev"
    }
    (local.github_environments.plan) = {
      LATHE_CLOUD_PROVIDER = google_iam_workload_identity_pool_provider.github.name
      LATHE_CLOUD_IDENTITY = google_service_account.github["plan"].email
      LATHE_CLOUD_REGION   = var.region
    }
    (local.github_environments.apply) = {
      LATHE_CLOUD_PROVIDER = google_iam_workload_identity_pool_provider.github.name
      LATHE_CLOUD_IDENTITY = google_service_account.github["apply"].email
      LATHE_CLOUD_REGION   = var.region
      LATHE_CLUSTER        = google_container_cluster.this.name
    }
  }
}
