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

run "the_cluster_is_private_logged_encrypted_and_in_a_release_channel" {
  command = plan

  assert {
    condition     = toset(google_container_cluster.this.logging_config[0].enable_components) == toset(["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER"])
    error_message = "a log of the control plane is off"
  }

  assert {
    condition     = google_container_cluster.this.private_cluster_config[0].enable_private_nodes && google_container_cluster.this.private_cluster_config[0].enable_private_endpoint
    error_message = "nodes or API server have a public address"
  }

  assert {
    condition     = length(google_container_cluster.this.master_authorized_networks_config[0].cidr_blocks) == 0 && !google_container_cluster.this.master_authorized_networks_config[0].gcp_public_cidrs_access_enabled
    error_message = "networks are let in that nobody named"
  }

  assert {
    condition     = google_container_cluster.this.control_plane_endpoints_config[0].dns_endpoint_config[0].allow_external_traffic
    error_message = "nobody reaches the API server by its name"
  }

  assert {
    condition     = google_container_cluster.this.database_encryption[0].state == "ENCRYPTED" && google_container_cluster.this.database_encryption[0].key_name == google_kms_crypto_key.cluster.id
    error_message = "secrets are not encrypted by the own key"
  }

  assert {
    condition     = google_container_cluster.this.release_channel[0].channel == "REGULAR" && google_container_cluster.this.min_master_version == "1.35"
    error_message = "the version is not the stated one of the channel REGULAR"
  }

  assert {
    condition     = one([for exclusion in google_container_cluster.this.maintenance_policy[0].maintenance_exclusion : exclusion.exclusion_options[0].scope]) == "NO_MINOR_UPGRADES"
    error_message = "a minor version comes without Terraform"
  }

  assert {
    condition     = google_container_cluster.this.workload_identity_config[0].workload_pool == "lathe-trial.svc.id.goog"
    error_message = "pods have no identity of their own"
  }

  assert {
    condition     = google_container_cluster.this.binary_authorization[0].evaluation_mode == "PROJECT_SINGLETON_POLICY_ENFORCE"
    error_message = "the policy on images is not enforced"
  }

  assert {
    condition     = !google_container_cluster.this.master_auth[0].client_certificate_config[0].issue_client_certificate && google_container_cluster.this.anonymous_authentication_config[0].mode == "LIMITED"
    error_message = "the cluster lets in who is no identity of IAM"
  }

  assert {
    condition     = google_container_cluster.this.resource_labels == tomap({ application = "lathe", environment = "test", managed-by = "terraform" })
    error_message = "the labels of the costs are missing"
  }

  assert {
    condition     = google_container_cluster.this.deletion_protection
    error_message = "the cluster may be deleted"
  }
}

run "the_endpoint_is_open_to_the_named_networks_alone" {
  command = plan

  variables {
    endpoint_cidrs = ["203.0.113.0/24"]
  }

  assert {
    condition     = !google_container_cluster.this.private_cluster_config[0].enable_private_endpoint && toset([for block in google_container_cluster.this.master_authorized_networks_config[0].cidr_blocks : block.cidr_block]) == toset(["203.0.113.0/24"])
    error_message = "not the named network alone"
  }
}

run "nodes_are_shielded_and_pods_never_become_the_node" {
  command = plan

  assert {
    condition     = alltrue([for pool in google_container_node_pool.this : pool.node_config[0].shielded_instance_config[0].enable_secure_boot && pool.node_config[0].shielded_instance_config[0].enable_integrity_monitoring])
    error_message = "a pool boots what it cannot verify"
  }

  assert {
    condition     = alltrue([for pool in google_container_node_pool.this : pool.node_config[0].workload_metadata_config[0].mode == "GKE_METADATA"])
    error_message = "a pod can take the node's identity"
  }

  assert {
    condition     = alltrue([for pool in google_container_node_pool.this : pool.network_config[0].enable_private_nodes])
    error_message = "a node has a public address"
  }

  assert {
    condition     = google_project_iam_member.node.role == "roles/container.defaultNodeServiceAccount"
    error_message = "nodes may do more than nodes need"
  }
}

run "training_runs_on_tainted_spot_nodes_from_none" {
  command = plan

  assert {
    condition     = google_container_node_pool.this["training"].node_config[0].spot && !google_container_node_pool.this["base"].node_config[0].spot
    error_message = "spot is for training, and for nothing else"
  }

  assert {
    condition     = google_container_node_pool.this["training"].autoscaling[0].total_min_node_count == 0 && google_container_node_pool.this["training"].autoscaling[0].total_max_node_count == 2
    error_message = "not from none to two nodes"
  }

  assert {
    condition     = one([for taint in google_container_node_pool.this["training"].node_config[0].taint : "${taint.key}=${taint.value}:${taint.effect}"]) == "lathe/pool=training:NO_SCHEDULE" && length(google_container_node_pool.this["base"].node_config[0].taint) == 0
    error_message = "not the taint that training tolerates"
  }
}

run "no_training_nodes_make_no_pool" {
  command = plan

  variables {
    training_nodes_max = 0
  }

  assert {
    condition     = toset(keys(google_container_node_pool.this)) == toset(["base"])
    error_message = "a pool for nobody"
  }
}

run "arm64_takes_machines_and_disks_of_that_kind" {
  command = plan

  variables {
    node_architecture = "arm64"
  }

  assert {
    condition     = alltrue([for pool in google_container_node_pool.this : startswith(pool.node_config[0].machine_type, "c4a-") && pool.node_config[0].disk_type == "hyperdisk-balanced"])
    error_message = "not c4a on hyperdisk"
  }
}

run "autopilot_has_no_pools_and_no_settings_that_would_replace_it" {
  command = plan

  variables {
    compute            = "auto"
    training_nodes_max = 0
  }

  assert {
    condition     = google_container_cluster.this.enable_autopilot && length(google_container_node_pool.this) == 0
    error_message = "no Autopilot"
  }

  assert {
    condition     = length(google_container_cluster.this.node_config) == 0 && length(google_container_cluster.this.dns_config) == 0
    error_message = "settings of nodes beside Autopilot replace the cluster at every apply"
  }
}

run "an_upgrade_by_one_minor_is_let_through" {
  command = plan

  variables {
    kubernetes_version          = "1.36"
    previous_kubernetes_version = "1.35"
  }

  assert {
    condition     = google_container_cluster.this.min_master_version == "1.36"
    error_message = "not upgraded"
  }
}
