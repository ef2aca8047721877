terraform {
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.0, < 9"
    }
  }
}

# The project is the environment's: GOOGLE_PROJECT, as AWS takes the account from its credentials.
provider "google" {
  region         = var.region
  default_labels = local.labels
}

data "google_project" "this" {}

locals {
  cloud      = "gke"
  full_name  = "${var.name}-${var.environment}"
  production = var.environment == "prod"
  project    = trimprefix(data.google_project.this.id, "projects/")
  number     = data.google_project.this.number

  labels = merge(var.cost_tags, {
    application = var.name
    environment = var.environment
    managed-by  = "terraform"
  })

  services = [
    "aiplatform", "artifactregistry", "billingbudgets", "binaryauthorization", "certificatemanager", "cloudkms", "cloudresourcemanager",
    "compute", "container", "containerscanning", "dns", "iam", "iamcredentials", "logging", "monitoring", "secretmanager",
    "servicenetworking", "sqladmin", "storage", "sts",
  ]
}

resource "google_project_service" "this" {
  for_each = toset(local.services)

  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false # the project may hold more than this root
}
