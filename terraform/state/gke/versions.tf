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
  region = var.region

  default_labels = {
    application = var.name
    managed-by  = "terraform"
  }
}

data "google_project" "this" {}

locals {
  project   = trimprefix(data.google_project.this.id, "projects/")
  full_name = "${local.project}-${var.name}-terraform-state"
}
