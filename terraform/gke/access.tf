# Who may do what in the cluster: IAM alone, which guards the DNS endpoint as well. No key and no password.
locals {
  admin_roles = ["roles/container.admin", "roles/aiplatform.user"]

  admin_bindings = { for pair in setproduct(var.admins, local.admin_roles) : "${pair[0]} ${pair[1]}" => { member = pair[0], role = pair[1] } }
}

resource "google_project_iam_member" "admin" {
  for_each = local.admin_bindings

  project = local.project
  role    = each.value.role
  member  = each.value.member

  depends_on = [google_project_service.this]
}

# submits training jobs under the jobs' identity
resource "google_service_account_iam_member" "admin_training" {
  for_each = toset(var.admins)

  service_account_id = google_service_account.training.name
  role               = "roles/iam.serviceAccountUser"
  member             = each.key
}
