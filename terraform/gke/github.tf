# Who GitHub's runs are here: one repository, one of its environments for each account, no long-lived key.
locals {
  # the environments' own rules say who may use them: apply waits for an approval, release is for tags alone
  github_environments = {
    plan  = "${local.cloud}-${var.environment}-plan"
    apply = "${local.cloud}-${var.environment}"
    push  = "release"
  }

  github_roles = {
    # A pull request's plan runs the pull request's code: it reads settings, but none of the data, and changes nothing.
    plan = [
      "roles/artifactregistry.reader", "roles/browser", "roles/certificatemanager.viewer", "roles/cloudkms.viewer", "roles/cloudsql.viewer",
      "roles/compute.viewer", "roles/container.clusterViewer", "roles/dns.reader", "roles/iam.securityReviewer",
      "roles/iam.workloadIdentityPoolViewer", "roles/logging.viewer", "roles/monitoring.notificationChannelViewer", "roles/secretmanager.viewer",
      "roles/serviceusage.serviceUsageConsumer", "roles/storage.bucketViewer",
    ]
    apply = [
      "roles/artifactregistry.admin", "roles/certificatemanager.owner", "roles/cloudkms.admin", "roles/cloudsql.admin", "roles/compute.networkAdmin",
      "roles/container.admin", "roles/dns.admin", "roles/iam.serviceAccountAdmin", "roles/iam.workloadIdentityPoolAdmin", "roles/logging.configWriter",
      "roles/monitoring.notificationChannelEditor", "roles/resourcemanager.projectIamAdmin", "roles/secretmanager.admin",
      "roles/serviceusage.serviceUsageAdmin", "roles/storage.admin",
    ]
  }

  github_bindings = merge([for account, roles in local.github_roles : { for role in roles : "${account} ${role}" => { account = account, role = role } }]...)
}

resource "google_iam_workload_identity_pool" "github" {
  workload_identity_pool_id = "${local.full_name}-github"
  display_name              = "${local.full_name}: GitHub Actions"

  depends_on = [google_project_service.this]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  # checkov:skip=CKV_GCP_125:it knows a condition on assertion.sub alone; here are repository and environments, and each account trusts one subject
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "actions"
  display_name                       = "GitHub Actions"

  attribute_mapping = {
    "google.subject"        = "assertion.sub"
    "attribute.repository"  = "assertion.repository"
    "attribute.environment" = "assertion.environment"
  }

  # nothing of another repository, or outside these environments, gets in at all
  attribute_condition = "assertion.repository == '${var.github_repository}' && assertion.environment in [${join(", ", [for name in sort(values(local.github_environments)) : "'${name}'"])}]"

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account" "github" {
  for_each = local.github_environments

  account_id   = "${local.full_name}-gh-${each.key}"
  display_name = "${local.full_name}: GitHub's environment ${each.value}"

  depends_on = [google_project_service.this]
}

# one subject each: this repository in this environment
resource "google_service_account_iam_member" "github" {
  for_each = local.github_environments

  service_account_id = google_service_account.github[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principal://iam.googleapis.com/projects/${local.number}/locations/global/workloadIdentityPools/${google_iam_workload_identity_pool.github.workload_identity_pool_id}/subject/repo:${var.github_repository}:environment:${each.value}"
}

resource "google_project_iam_member" "github" {
  # checkov:skip=CKV_GCP_41:whoever applies this root makes its accounts; the environment's approval is the guard
  # checkov:skip=CKV_GCP_49:whoever applies this root makes its accounts; the approval is the guard
  for_each = local.github_bindings

  project = local.project
  role    = each.value.role
  member  = google_service_account.github[each.value.account].member
}

# the cluster's nodes and the jobs run under accounts that whoever applies hands to them
resource "google_service_account_iam_member" "apply_uses" {
  for_each = { node = google_service_account.node.name, training = google_service_account.training.name }

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.github["apply"].member
}

resource "google_artifact_registry_repository_iam_member" "push" {
  location   = google_artifact_registry_repository.this.location
  repository = google_artifact_registry_repository.this.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.github["push"].member
}
