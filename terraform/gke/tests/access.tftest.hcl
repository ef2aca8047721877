mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  environment           = "test"
  region                = "europe-west3"
  zones                 = ["europe-west3-a", "europe-west3-b", "europe-west3-c"]
  admins                = ["group:admins@example.com"]
  github_repository     = "lathe-ml/lathe"
  budget_monthly        = 400
  budget_emails         = ["lathe@example.com"]
  kubernetes_namespaces = { serving = "lathe-test" }
}

run "github_is_let_in_by_repository_and_environment_alone" {
  command = plan

  assert {
    condition     = google_iam_workload_identity_pool_provider.github.attribute_condition == "assertion.repository == 'lathe-ml/lathe' && assertion.environment in ['gke-test', 'gke-test-plan', 'release']"
    error_message = "another condition"
  }

  assert {
    condition     = endswith(google_service_account_iam_member.github["apply"].member, "/subject/repo:lathe-ml/lathe:environment:gke-test") && endswith(google_service_account_iam_member.github["plan"].member, "/subject/repo:lathe-ml/lathe:environment:gke-test-plan") && endswith(google_service_account_iam_member.github["push"].member, "/subject/repo:lathe-ml/lathe:environment:release")
    error_message = "an account trusts another subject"
  }

  assert {
    condition     = alltrue([for binding in google_service_account_iam_member.github : startswith(binding.member, "principal://") && !strcontains(binding.member, "*")])
    error_message = "a set of principals or a wildcard"
  }
}

run "a_plan_reads_settings_and_no_data" {
  command = plan

  assert {
    condition     = alltrue([for name, binding in google_project_iam_member.github : binding.role != "roles/viewer" && !strcontains(lower(binding.role), "admin") && !strcontains(lower(binding.role), "object") && !strcontains(lower(binding.role), "accessor") if startswith(name, "plan ")])
    error_message = "a plan may change something, or read data"
  }
}

run "nobody_is_owner_or_editor_of_the_project" {
  command = plan

  assert {
    condition     = alltrue([for binding in concat(values(google_project_iam_member.github), values(google_project_iam_member.admin)) : !contains(["roles/owner", "roles/editor"], binding.role)])
    error_message = "a basic role"
  }
}

run "pods_are_members_of_iam_themselves" {
  command = plan

  assert {
    condition     = google_storage_bucket_iam_member.pod["training bundles"].member == "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/lathe-trial.svc.id.goog/subject/ns/training/sa/training"
    error_message = "training"
  }

  assert {
    condition     = google_storage_bucket_iam_member.pod["monitor predictions"].member == "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/lathe-trial.svc.id.goog/subject/ns/lathe-test/sa/monitor"
    error_message = "monitor"
  }

  assert {
    condition     = toset(keys(google_storage_bucket_iam_member.pod)) == toset(["mlflow mlflow", "monitor bundles", "monitor predictions", "predictor predictions", "training bundles", "training mlflow"])
    error_message = "other rights than these"
  }
}

run "a_training_job_reads_images_and_writes_bundles_and_no_more" {
  command = plan

  assert {
    condition     = toset(keys(google_storage_bucket_iam_member.training)) == toset(["bundles", "mlflow"]) && google_artifact_registry_repository_iam_member.training.role == "roles/artifactregistry.reader" && google_project_iam_member.training.role == "roles/logging.logWriter"
    error_message = "other rights than these"
  }
}

run "administrators_are_the_named_ones" {
  command = plan

  variables {
    admins = ["user:ada@example.com"]
  }

  assert {
    condition     = toset([for binding in google_project_iam_member.admin : "${binding.member} ${binding.role}"]) == toset(["user:ada@example.com roles/container.admin", "user:ada@example.com roles/aiplatform.user"])
    error_message = "others, or other roles"
  }
}
