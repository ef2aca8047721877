locals {
  node_pools = var.compute == "nodes" ? {
    base = {
      spot    = false
      min     = local.production ? 3 : 2
      max     = local.production ? 9 : 4
      machine = var.node_architecture == "arm64" ? "c4a-standard-2" : "n2d-standard-2"
    }
    training = {
      spot    = true
      min     = 0
      max     = var.training_nodes_max
      machine = var.node_architecture == "arm64" ? "c4a-standard-8" : "n2d-standard-8"
    }
  } : {}
}

resource "google_service_account" "node" {
  account_id   = "${local.full_name}-node"
  display_name = "${local.full_name}: nodes"

  depends_on = [google_project_service.this]
}

resource "google_project_iam_member" "node" {
  project = local.project
  role    = "roles/container.defaultNodeServiceAccount"
  member  = google_service_account.node.member
}

resource "google_container_node_pool" "this" {
  for_each = { for name, pool in local.node_pools : name => pool if pool.max > 0 }

  name           = each.key
  cluster        = google_container_cluster.this.id
  location       = var.region
  node_locations = var.zones

  # over all zones; the version follows the control plane's by the release channel
  autoscaling {
    total_min_node_count = each.value.min
    total_max_node_count = each.value.max
    location_policy      = each.value.spot ? "ANY" : "BALANCED"
  }

  management {
    auto_repair  = true
    auto_upgrade = true
  }

  upgrade_settings {
    strategy        = "SURGE"
    max_surge       = 1
    max_unavailable = 0
  }

  network_config {
    enable_private_nodes = true
  }

  node_config {
    machine_type    = each.value.machine
    spot            = each.value.spot
    image_type      = "COS_CONTAINERD"
    disk_size_gb    = 50
    disk_type       = var.node_architecture == "arm64" ? "hyperdisk-balanced" : "pd-balanced"
    service_account = google_service_account.node.email
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
    labels          = { "lathe/pool" = each.key }
    resource_labels = local.labels

    metadata = {
      disable-legacy-endpoints = "true"
    }

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }

    # a pod gets its own identity, never the node's
    workload_metadata_config {
      mode = "GKE_METADATA"
    }

    dynamic "taint" {
      for_each = each.key == "training" ? ["training"] : []

      content {
        key    = "lathe/pool"
        value  = taint.value
        effect = "NO_SCHEDULE"
      }
    }
  }

  lifecycle {
    # GKE adds what its own pods need
    ignore_changes = [node_config[0].resource_labels, node_config[0].kubelet_config]
  }
}
