locals {
  cluster_policies = concat(["AmazonEKSClusterPolicy"], var.compute == "auto" ? [
    "AmazonEKSBlockStoragePolicy", "AmazonEKSComputePolicy", "AmazonEKSLoadBalancingPolicy", "AmazonEKSNetworkingPolicy"
  ] : [])
}

resource "aws_iam_role" "cluster" {
  name = "${local.full_name}-cluster"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "eks.amazonaws.com" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
    }]
  })
}

resource "aws_iam_role_policy_attachment" "cluster" {
  for_each = toset(local.cluster_policies)

  role       = aws_iam_role.cluster.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/${each.key}"
}

# a control plane that is being destroyed still logs, and would make the destroyed log group anew
resource "aws_iam_role_policy" "cluster" {
  name = "no-new-log-group"
  role = aws_iam_role.cluster.name

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Action = "logs:CreateLogGroup", Resource = "*" }]
  })
}

resource "aws_cloudwatch_log_group" "cluster" {
  name              = "/aws/eks/${local.full_name}/cluster"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.data.arn
}

resource "aws_eks_cluster" "this" {
  name     = local.full_name
  role_arn = aws_iam_role.cluster.arn
  version  = var.kubernetes_version

  enabled_cluster_log_types     = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
  bootstrap_self_managed_addons = false # add-ons are addons.tf's; a change would make the cluster anew

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = false # administrators are var.admins alone
  }

  vpc_config {
    subnet_ids              = [for subnet in aws_subnet.private : subnet.id]
    endpoint_private_access = true
    endpoint_public_access  = length(var.endpoint_cidrs) > 0
    public_access_cidrs     = length(var.endpoint_cidrs) > 0 ? var.endpoint_cidrs : null
  }

  encryption_config {
    resources = ["secrets"]

    provider {
      key_arn = aws_kms_key.cluster.arn
    }
  }

  upgrade_policy {
    support_type = "STANDARD" # extended support costs six times as much; at its end the cluster is upgraded instead
  }

  zonal_shift_config {
    enabled = local.production
  }

  # Auto Mode: these three are on or off together
  compute_config {
    enabled       = var.compute == "auto"
    node_pools    = var.compute == "auto" ? ["general-purpose", "system"] : null
    node_role_arn = var.compute == "auto" ? aws_iam_role.node.arn : null
  }

  kubernetes_network_config {
    elastic_load_balancing {
      enabled = var.compute == "auto"
    }
  }

  storage_config {
    block_storage {
      enabled = var.compute == "auto"
    }
  }

  depends_on = [
    aws_cloudwatch_log_group.cluster,
    aws_iam_role_policy.cluster,
    aws_iam_role_policy_attachment.cluster,
    aws_iam_role_policy_attachment.node,
    # pods that are stopped while everything is destroyed need their way out
    aws_route.private,
    aws_route_table_association.private,
    aws_vpc_endpoint.interface,
    aws_vpc_endpoint.s3,
  ]
}
