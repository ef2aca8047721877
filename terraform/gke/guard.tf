# Deletion protection of the database protects the database alone: a destroy would take the cluster before the database refuses.
# A destroy goes backwards, so what depends on everything is destroyed first, and refuses for everything.
resource "terraform_data" "guard" {
  input = {
    protected = var.deletion_protection
    name      = local.full_name
  }

  # what would be made anew is refused as well, for that is a destroy too
  triggers_replace = [local.full_name, var.region]

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["/bin/sh", "-c"]
    command     = "[ \"$PROTECTED\" = false ] || { echo \"error: $NAME is protected, nothing was destroyed: set deletion_protection = false (in prod also confirm_unprotected = \\\"prod\\\"), apply, then destroy\" >&2; exit 1; }"

    environment = {
      PROTECTED = self.input.protected
      NAME      = self.input.name
    }
  }

  lifecycle {
    replace_triggered_by = [
      google_compute_network.this.id,
      google_container_cluster.this.id,
      google_kms_crypto_key.cluster.id,
      google_kms_crypto_key.data.id,
    ]
  }

  # everything of this root: a test compares
  depends_on = [
    google_artifact_registry_repository.this,
    google_artifact_registry_repository_iam_member.node,
    google_artifact_registry_repository_iam_member.push,
    google_artifact_registry_repository_iam_member.training,
    google_billing_budget.this,
    google_certificate_manager_certificate.this,
    google_certificate_manager_certificate_map.this,
    google_certificate_manager_certificate_map_entry.this,
    google_certificate_manager_dns_authorization.this,
    google_compute_firewall.deny,
    google_compute_global_address.database,
    google_compute_network.this,
    google_compute_router.this,
    google_compute_router_nat.this,
    google_compute_subnetwork.private,
    google_container_cluster.this,
    google_container_node_pool.this,
    google_dns_managed_zone.this,
    google_dns_record_set.certificate,
    google_iam_workload_identity_pool.github,
    google_iam_workload_identity_pool_provider.github,
    google_kms_crypto_key.cluster,
    google_kms_crypto_key.data,
    google_kms_crypto_key_iam_member.service,
    google_kms_key_ring.this,
    google_logging_project_bucket_config.this,
    google_logging_project_sink.this,
    google_monitoring_notification_channel.budget,
    google_project_iam_member.admin,
    google_project_iam_member.github,
    google_project_iam_member.logs,
    google_project_iam_member.mlflow,
    google_project_iam_member.node,
    google_project_iam_member.training,
    google_project_service.this,
    google_secret_manager_secret.mlflow,
    google_secret_manager_secret_iam_member.mlflow,
    google_secret_manager_secret_version.mlflow,
    google_service_account.github,
    google_service_account.mlflow,
    google_service_account.node,
    google_service_account.training,
    google_service_account_iam_member.admin_training,
    google_service_account_iam_member.apply_uses,
    google_service_account_iam_member.github,
    google_service_account_iam_member.mlflow,
    google_service_networking_connection.database,
    google_sql_database.mlflow,
    google_sql_database_instance.mlflow,
    google_sql_user.mlflow,
    google_storage_bucket_iam_member.access_logs,
    google_storage_bucket_iam_member.pod,
    google_storage_bucket_iam_member.training,
    module.bundles,
    module.logs,
    module.mlflow,
    module.predictions,
  ]
}
