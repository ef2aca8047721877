terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  cloud      = "eks"
  full_name  = "${var.name}-${var.environment}"
  production = var.environment == "prod"
  account    = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition

  tags = merge(var.cost_tags, {
    application = var.name
    environment = var.environment
    managed-by  = "terraform"
  })
}
