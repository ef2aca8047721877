# One regional cluster: its control plane runs in three zones whatever var.zones says, the nodes in those alone.
resource "google_container_cluster" "this" {
  # checkov:skip=CKV_GCP_12:network policies are Dataplane V2's, with node pools by datapath_provider and with Autopilot always
  # checkov:skip=CKV_GCP_21:the labels are local.labels, which checkov does not resolve; tests/terraform reads them in the plan
  # checkov:skip=CKV_GCP_65:a Google group for RBAC needs a Workspace domain; who administers are var.admins, by IAM
  name           = local.full_name
  location       = var.region
  node_locations = var.compute == "nodes" ? var.zones : null # Autopilot chooses zones by the pods

  network         = google_compute_network.this.id
  subnetwork      = google_compute_subnetwork.private.id
  networking_mode = "VPC_NATIVE"

  min_master_version  = var.kubernetes_version
  deletion_protection = var.deletion_protection
  resource_labels     = local.labels

  # Autopilot decides the rest itself: node settings beside it would replace the cluster at every apply
  enable_autopilot            = var.compute == "auto" ? true : null
  remove_default_node_pool    = var.compute == "nodes" ? true : null
  initial_node_count          = var.compute == "nodes" ? 1 : null
  datapath_provider           = var.compute == "nodes" ? "ADVANCED_DATAPATH" : null # its network policies need no add-on
  enable_intranode_visibility = var.compute == "nodes" ? true : null
  enable_shielded_nodes       = var.compute == "nodes" ? true : null

  # the first node pool lives for minutes, and is as guarded as the others
  dynamic "node_config" {
    for_each = var.compute == "nodes" ? ["default"] : []

    content {
      service_account = google_service_account.node.email
      oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]

      shielded_instance_config {
        enable_secure_boot          = true
        enable_integrity_monitoring = true
      }

      workload_metadata_config {
        mode = "GKE_METADATA"
      }
    }
  }

  dynamic "cluster_autoscaling" {
    for_each = var.compute == "auto" ? ["auto"] : []

    content {
      auto_provisioning_defaults {
        service_account = google_service_account.node.email
        oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
      }
    }
  }

  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }

  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = length(var.endpoint_cidrs) == 0
  }

  # reached from anywhere by name, and let through by IAM alone (roles/container.admin of access.tf): no address is open
  control_plane_endpoints_config {
    dns_endpoint_config {
      allow_external_traffic = true
    }
  }

  master_authorized_networks_config {
    gcp_public_cidrs_access_enabled = false

    dynamic "cidr_blocks" {
      for_each = toset(var.endpoint_cidrs)

      content {
        cidr_block = cidr_blocks.key
      }
    }
  }

  database_encryption {
    state    = "ENCRYPTED"
    key_name = google_kms_crypto_key.cluster.id
  }

  workload_identity_config {
    workload_pool = "${local.project}.svc.id.goog"
  }

  release_channel {
    channel = "REGULAR"
  }

  # patches come in the window; a minor version comes by var.kubernetes_version, or at the end of its support
  maintenance_policy {
    recurring_window {
      start_time = "2026-01-03T02:00:00Z"
      end_time   = "2026-01-03T08:00:00Z"
      recurrence = "FREQ=WEEKLY;BYDAY=SA,SU"
    }

    maintenance_exclusion {
      exclusion_name = "minor-versions-by-terraform"
      start_time     = "2026-01-01T00:00:00Z"

      exclusion_options {
        scope             = "NO_MINOR_UPGRADES"
        end_time_behavior = "UNTIL_END_OF_SUPPORT"
      }
    }
  }

  # the project's own policy decides; it admits everything until somebody sets it
  binary_authorization {
    evaluation_mode = "PROJECT_SINGLETON_POLICY_ENFORCE"
  }

  logging_config {
    enable_components = ["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER"]
  }

  monitoring_config {
    enable_components = ["SYSTEM_COMPONENTS"]

    managed_prometheus {
      enabled = var.compute == "auto" # Autopilot does not let it off; the repository brings its own Prometheus
    }
  }

  security_posture_config {
    mode               = "BASIC"
    vulnerability_mode = "VULNERABILITY_DISABLED" # images are scanned in the registry
  }

  cost_management_config {
    enabled = true
  }

  gateway_api_config {
    channel = "CHANNEL_STANDARD"
  }

  master_auth {
    client_certificate_config {
      issue_client_certificate = false
    }
  }

  anonymous_authentication_config {
    mode = "LIMITED" # health checks alone
  }

  rbac_binding_config {
    enable_insecure_binding_system_authenticated   = false
    enable_insecure_binding_system_unauthenticated = false
  }

  lifecycle {
    # the first pool is deleted again; what is read back of it is no change
    ignore_changes = [node_config, initial_node_count]
  }

  depends_on = [
    google_kms_crypto_key_iam_member.service,
    google_project_iam_member.node,
    google_compute_router_nat.this, # pods that are stopped while everything is destroyed need their way out
    google_service_networking_connection.database,
  ]
}
