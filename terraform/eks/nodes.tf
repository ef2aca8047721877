locals {
  node_groups = var.compute == "nodes" ? {
    base = {
      capacity  = "ON_DEMAND"
      min       = local.production ? 3 : 2
      max       = local.production ? 9 : 4
      instances = var.node_architecture == "arm64" ? ["m7g.large"] : ["m7i.large"]
    }
    training = {
      capacity = "SPOT"
      min      = 0
      max      = var.training_nodes_max
      # several kinds, so that one that is sold out does not stop training
      instances = var.node_architecture == "arm64" ? ["c7g.2xlarge", "c6g.2xlarge", "m7g.2xlarge"] : ["c7i.2xlarge", "c6i.2xlarge", "m7i.2xlarge"]
    }
  } : {}

  node_policies = var.compute == "auto" ? ["AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly"] : ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"]
}

resource "aws_iam_role" "node" {
  name = "${local.full_name}-node"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy_attachment" "node" {
  for_each = toset(local.node_policies)

  role       = aws_iam_role.node.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/${each.key}"
}

resource "aws_launch_template" "node" {
  count = var.compute == "nodes" ? 1 : 0

  name                   = "${local.full_name}-node"
  update_default_version = true

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1 # a pod is one hop further, and must not become the node
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = 50
      volume_type           = "gp3"
      encrypted             = true # by the account's EBS key: an own one needs a grant to a role that an empty account lacks
      delete_on_termination = true
    }
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume", "network-interface"]

    content {
      resource_type = tag_specifications.value
      tags          = merge(local.tags, { Name = "${local.full_name}-node" })
    }
  }
}

resource "aws_eks_node_group" "this" {
  for_each = { for name, group in local.node_groups : name => group if group.max > 0 }

  cluster_name    = aws_eks_cluster.this.name
  node_group_name = each.key
  node_role_arn   = aws_iam_role.node.arn
  subnet_ids      = [for subnet in aws_subnet.private : subnet.id]
  version         = aws_eks_cluster.this.version # after the control plane
  ami_type        = var.node_architecture == "arm64" ? "AL2023_ARM_64_STANDARD" : "AL2023_x86_64_STANDARD"
  capacity_type   = each.value.capacity
  instance_types  = each.value.instances

  labels = { "lathe/pool" = each.key }

  launch_template {
    id      = aws_launch_template.node[0].id
    version = aws_launch_template.node[0].latest_version
  }

  scaling_config {
    min_size     = each.value.min
    desired_size = each.value.min
    max_size     = each.value.max
  }

  update_config {
    max_unavailable = 1
  }

  node_repair_config {
    enabled = true
  }

  dynamic "taint" {
    for_each = each.key == "training" ? ["training"] : []

    content {
      key    = "lathe/pool"
      value  = taint.value
      effect = "NO_SCHEDULE"
    }
  }

  lifecycle {
    # whoever scales owns it; a raised min_size needs the desired size raised first, in the console or by aws eks
    ignore_changes = [scaling_config[0].desired_size]
  }

  depends_on = [
    aws_eks_addon.before_nodes,
    aws_iam_role_policy_attachment.node,
  ]
}
