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

override_resource {
  target          = google_kms_crypto_key.cluster
  override_during = plan
  values          = { id = "projects/lathe-trial/locations/europe-west3/keyRings/lathe-test/cryptoKeys/cluster" }
}

override_resource {
  target          = google_kms_crypto_key.data
  override_during = plan
  values          = { id = "projects/lathe-trial/locations/europe-west3/keyRings/lathe-test/cryptoKeys/data" }
}

run "images_keep_their_tags_and_are_scanned" {
  command = plan

  assert {
    condition     = google_artifact_registry_repository.this.docker_config[0].immutable_tags
    error_message = "a tag may move"
  }

  assert {
    condition     = google_artifact_registry_repository.this.vulnerability_scanning_config[0].enablement_config == "INHERITED" && contains(keys(google_project_service.this), "containerscanning")
    error_message = "images are not scanned"
  }

  assert {
    condition     = google_artifact_registry_repository.this.kms_key_name == google_kms_crypto_key.data.id
    error_message = "not encrypted by the own key"
  }
}

run "the_database_is_private_protected_and_without_a_password" {
  command = plan

  assert {
    condition     = !google_sql_database_instance.mlflow[0].settings[0].ip_configuration[0].ipv4_enabled && length(google_sql_database_instance.mlflow[0].settings[0].ip_configuration[0].authorized_networks) == 0
    error_message = "a public address"
  }

  assert {
    condition     = google_sql_database_instance.mlflow[0].deletion_protection && google_sql_database_instance.mlflow[0].settings[0].deletion_protection_enabled
    error_message = "may be deleted"
  }

  assert {
    condition     = google_sql_database_instance.mlflow[0].settings[0].backup_configuration[0].enabled && google_sql_database_instance.mlflow[0].settings[0].backup_configuration[0].point_in_time_recovery_enabled
    error_message = "no backups to any point in time"
  }

  assert {
    condition     = google_sql_database_instance.mlflow[0].encryption_key_name == google_kms_crypto_key.data.id
    error_message = "not encrypted by the own key"
  }

  assert {
    condition     = google_sql_user.mlflow[0].type == "CLOUD_IAM_SERVICE_ACCOUNT" && google_sql_user.mlflow[0].password == null
    error_message = "a password"
  }
}

run "without_a_database_there_is_nothing_of_it" {
  command = plan

  variables {
    database = false
  }

  assert {
    condition     = length(google_sql_database_instance.mlflow) == 0 && length(google_compute_global_address.database) == 0 && length(google_secret_manager_secret.mlflow) == 0 && output.mlflow_database == null && output.mlflow_database_host == null
    error_message = "something of the database"
  }
}

run "the_domain_has_a_zone_a_certificate_and_its_proof" {
  command = plan

  variables {
    domain = "lathe.example.com"
  }

  assert {
    condition     = google_dns_managed_zone.this[0].dns_name == "lathe.example.com." && google_dns_managed_zone.this[0].dnssec_config[0].state == "on"
    error_message = "no signed zone"
  }

  assert {
    condition     = toset(google_certificate_manager_certificate.this[0].managed[0].domains) == toset(["lathe.example.com", "*.lathe.example.com"])
    error_message = "not for the domain and what is below it"
  }
}

run "the_budget_alarms_by_e_mail" {
  command = plan

  assert {
    condition     = one(google_billing_budget.this.amount[0].specified_amount).units == "400" && length(google_billing_budget.this.threshold_rules) == 2 && length(google_monitoring_notification_channel.budget) == 1
    error_message = "no alarm"
  }
}

run "the_outputs_feed_the_workflows" {
  command = plan

  assert {
    condition     = output.kubeconfig == "gcloud container clusters get-credentials lathe-test --region europe-west3 --project lathe-trial --dns-endpoint"
    error_message = "kubeconfig"
  }

  assert {
    condition     = output.registry == "europe-west3-docker.pkg.dev/lathe-trial/lathe-test"
    error_message = "registry"
  }

  assert {
    condition     = toset(keys(output.github_variables)) == toset(["release", "gke-test", "gke-test-plan"])
    error_message = "environments of GitHub"
  }
}
