# Cloud NAT and the subnet are the region's, not a zone's: one of each spans all zones.
locals {
  # outside the network's own range: pods are many, and 100.64.0.0/10 is for such use
  pods_cidr     = "100.64.0.0/14"
  nodes_cidr    = cidrsubnet(var.network_cidr, 3, 0)
  services_cidr = cidrsubnet(var.network_cidr, 4, 4)
  database_cidr = cidrsubnet(var.network_cidr, 4, 5)
}

resource "google_compute_network" "this" {
  name                    = local.full_name
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"

  depends_on = [google_project_service.this]
}

resource "google_compute_subnetwork" "private" {
  name                     = "${local.full_name}-private"
  network                  = google_compute_network.this.id
  region                   = var.region
  ip_cidr_range            = local.nodes_cidr
  private_ip_google_access = true

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = local.pods_cidr
  }

  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = local.services_cidr
  }

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.5
    metadata             = "INCLUDE_ALL_METADATA"
  }

  lifecycle {
    # GKE adds ranges of its own, for Autopilot and for load balancers
    ignore_changes = [secondary_ip_range]
  }
}

# The network lets nothing in by itself; this says so, and logs what tried. GKE's own rules for nodes and load balancers come before it.
resource "google_compute_firewall" "deny" {
  name          = "${local.full_name}-deny"
  network       = google_compute_network.this.id
  direction     = "INGRESS"
  priority      = 65534
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_router" "this" {
  count = var.egress == "none" ? 0 : 1

  name    = local.full_name
  network = google_compute_network.this.id
  region  = var.region
}

resource "google_compute_router_nat" "this" {
  count = var.egress == "none" ? 0 : 1

  name                               = local.full_name
  router                             = google_compute_router.this[0].name
  region                             = var.region
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  subnetwork {
    name                    = google_compute_subnetwork.private.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}

# the database's private address comes from a range that is peered with Google's own network
resource "google_compute_global_address" "database" {
  count = var.database ? 1 : 0

  name          = "${local.full_name}-database"
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  address       = cidrhost(local.database_cidr, 0)
  prefix_length = tonumber(split("/", local.database_cidr)[1])
  network       = google_compute_network.this.id
}

resource "google_service_networking_connection" "database" {
  count = var.database ? 1 : 0

  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.database[0].name]
}
