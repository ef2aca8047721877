# MLflow's runs and registered models. Its artifacts are in the bucket.
locals {
  databases = var.database ? 1 : 0

  # PostgreSQL's limit of 63 characters leaves the domain of Google's accounts out
  database_user = var.database ? trimsuffix(google_service_account.mlflow[0].email, ".gserviceaccount.com") : ""
}

resource "google_sql_database_instance" "mlflow" {
  # checkov:skip=CKV2_GCP_20:the rule is MySQL's
  # checkov:skip=CKV_GCP_57:what takes more than a second is logged; MLflow's statements hold runs and metrics, nothing secret
  # checkov:skip=CKV_GCP_79:17 as on AWS, so that a dump goes from one cloud to the other
  # checkov:skip=CKV2_GCP_13:the duration of what is slow is logged, by log_min_duration_statement
  # checkov:skip=CKV_GCP_110:pgAudit logs every statement of MLflow; who connects and what is slow is logged
  # checkov:skip=CKV_GCP_109:the same; errors are logged as PostgreSQL does by default
  count = local.databases

  name                = "${local.full_name}-mlflow"
  region              = var.region
  database_version    = "POSTGRES_17"
  encryption_key_name = google_kms_crypto_key.data.id
  deletion_protection = var.deletion_protection # Terraform's; settings has Google's own

  settings {
    edition                     = "ENTERPRISE"
    tier                        = local.production ? "db-custom-2-7680" : "db-f1-micro"
    availability_type           = local.production ? "REGIONAL" : "ZONAL"
    disk_type                   = "PD_SSD"
    disk_size                   = 20
    disk_autoresize             = true
    disk_autoresize_limit       = 100
    deletion_protection_enabled = var.deletion_protection
    retain_backups_on_delete    = local.production
    user_labels                 = local.labels

    ip_configuration {
      ipv4_enabled       = false
      private_network    = google_compute_network.this.id
      allocated_ip_range = google_compute_global_address.database[0].name
      ssl_mode           = "TRUSTED_CLIENT_CERTIFICATE_REQUIRED" # which the proxy has
    }

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      start_time                     = "01:00"
      transaction_log_retention_days = 7

      backup_retention_settings {
        retained_backups = local.production ? 30 : 7
      }
    }

    maintenance_window {
      day          = 7
      hour         = 3
      update_track = "stable"
    }

    insights_config {
      query_insights_enabled = true
    }

    # who connects is an identity of IAM: there is no password anywhere
    database_flags {
      name  = "cloudsql.iam_authentication"
      value = "on"
    }

    database_flags {
      name  = "log_checkpoints"
      value = "on"
    }

    database_flags {
      name  = "log_connections"
      value = "on"
    }

    database_flags {
      name  = "log_disconnections"
      value = "on"
    }

    database_flags {
      name  = "log_hostname"
      value = "on"
    }

    database_flags {
      name  = "log_lock_waits"
      value = "on"
    }

    database_flags {
      name  = "log_min_duration_statement"
      value = "1000"
    }

    database_flags {
      name  = "log_statement"
      value = "ddl"
    }
  }

  lifecycle {
    ignore_changes = [settings[0].disk_size] # it grows by itself
  }

  depends_on = [
    google_service_networking_connection.database,
    google_kms_crypto_key_iam_member.service,
  ]
}

resource "google_sql_database" "mlflow" {
  count = local.databases

  name     = "mlflow"
  instance = google_sql_database_instance.mlflow[0].name
}

# Cloud SQL knows users of IAM by e-mail alone: the one place where a Google service account stands between pod and service.
resource "google_service_account" "mlflow" {
  count = local.databases

  account_id   = "${local.full_name}-mlflow"
  display_name = "${local.full_name}: MLflow's user of its database"

  depends_on = [google_project_service.this]
}

resource "google_service_account_iam_member" "mlflow" {
  count = local.databases

  service_account_id = google_service_account.mlflow[0].name
  role               = "roles/iam.workloadIdentityUser"
  member             = local.pods.mlflow.principal
}

resource "google_project_iam_member" "mlflow" {
  for_each = var.database ? toset(["roles/cloudsql.client", "roles/cloudsql.instanceUser"]) : toset([])

  project = local.project
  role    = each.key
  member  = google_service_account.mlflow[0].member
}

resource "google_sql_user" "mlflow" {
  count = local.databases

  name     = local.database_user
  instance = google_sql_database_instance.mlflow[0].name
  type     = "CLOUD_IAM_SERVICE_ACCOUNT"
}

# Where MLflow connects to: by the Cloud SQL proxy beside it (--auto-iam-authn --private-ip), which is this address.
resource "google_secret_manager_secret" "mlflow" {
  count = local.databases

  secret_id           = "${local.full_name}-mlflow-database"
  labels              = local.labels
  deletion_protection = var.deletion_protection

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_secret_manager_secret_version" "mlflow" {
  count = local.databases

  secret = google_secret_manager_secret.mlflow[0].id

  secret_data = jsonencode({
    instance = google_sql_database_instance.mlflow[0].connection_name
    uri      = "postgresql://${urlencode(local.database_user)}@127.0.0.1:5432/${google_sql_database.mlflow[0].name}"
  })
}

resource "google_secret_manager_secret_iam_member" "mlflow" {
  count = local.databases

  secret_id = google_secret_manager_secret.mlflow[0].id
  role      = "roles/secretmanager.secretAccessor"
  member    = local.pods.mlflow.principal
}
