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

run "pods_services_nodes_and_database_have_ranges_of_their_own" {
  command = plan

  variables {
    network_cidr = "10.20.0.0/16"
  }

  assert {
    condition     = google_compute_subnetwork.private.ip_cidr_range == "10.20.0.0/19"
    error_message = "nodes"
  }

  assert {
    condition     = { for range in google_compute_subnetwork.private.secondary_ip_range : range.range_name => range.ip_cidr_range } == { pods = "100.64.0.0/14", services = "10.20.64.0/20" }
    error_message = "pods or services"
  }

  assert {
    condition     = google_compute_global_address.database[0].address == "10.20.80.0" && google_compute_global_address.database[0].prefix_length == 20
    error_message = "database"
  }

  assert {
    condition     = !google_compute_network.this.auto_create_subnetworks && google_compute_subnetwork.private.private_ip_google_access
    error_message = "subnets that nobody asked for, or no way to Google"
  }

  assert {
    condition     = length(google_compute_subnetwork.private.log_config) == 1
    error_message = "no flow logs"
  }
}

run "one_cloud_nat_spans_the_zones" {
  command = plan

  assert {
    condition     = length(google_compute_router_nat.this) == 1 && google_compute_router_nat.this[0].source_subnetwork_ip_ranges_to_nat == "LIST_OF_SUBNETWORKS"
    error_message = "no NAT for the private subnet alone"
  }
}

run "without_egress_there_is_no_way_out" {
  command = plan

  variables {
    egress = "none"
  }

  assert {
    condition     = length(google_compute_router.this) == 0 && length(google_compute_router_nat.this) == 0
    error_message = "a way out"
  }
}

run "nothing_comes_in_that_gke_does_not_let_in" {
  command = plan

  assert {
    condition     = google_compute_firewall.deny.direction == "INGRESS" && one(google_compute_firewall.deny.deny).protocol == "all" && google_compute_firewall.deny.priority == 65534
    error_message = "no rule that denies"
  }
}
