mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  environment           = "prod"
  region                = "europe-west3"
  zones                 = ["europe-west3-a", "europe-west3-b", "europe-west3-c"]
  admins                = ["group:admins@example.com"]
  github_repository     = "lathe-ml/lathe"
  budget_monthly        = 400
  budget_emails         = ["lathe@example.com"]
  kubernetes_namespaces = { serving = "lathe-prod" }
}

run "production_is_protected_spread_and_kept" {
  command = plan

  assert {
    condition     = google_container_cluster.this.deletion_protection && toset(google_container_cluster.this.node_locations) == toset(["europe-west3-a", "europe-west3-b", "europe-west3-c"])
    error_message = "not protected, or not in three zones"
  }

  assert {
    condition     = google_sql_database_instance.mlflow[0].settings[0].availability_type == "REGIONAL" && google_sql_database_instance.mlflow[0].settings[0].retain_backups_on_delete && google_sql_database_instance.mlflow[0].settings[0].backup_configuration[0].backup_retention_settings[0].retained_backups == 30
    error_message = "the database does not survive a zone"
  }

  assert {
    condition     = google_container_node_pool.this["base"].autoscaling[0].total_min_node_count == 3
    error_message = "fewer nodes than zones"
  }

  assert {
    condition     = terraform_data.guard.input.protected
    error_message = "the guard lets a destroy through"
  }

  assert {
    condition     = google_logging_project_bucket_config.this.retention_days == 365
    error_message = "logs are kept for less than a year"
  }
}

run "production_is_unprotected_only_by_its_name" {
  command = plan

  variables {
    deletion_protection = false
    confirm_unprotected = "prod"
  }

  assert {
    condition     = !google_container_cluster.this.deletion_protection && !terraform_data.guard.input.protected
    error_message = "still protected"
  }
}
