locals {
  # pods get no address without the network, and the network no identity without the agent
  addons_before_nodes = var.compute == "nodes" ? toset(["eks-pod-identity-agent", "kube-proxy", "vpc-cni"]) : toset([])
  # these run on nodes; Auto Mode has all but the metrics of its own
  addons_after_nodes = var.compute == "nodes" ? toset(["aws-ebs-csi-driver", "coredns", "metrics-server"]) : toset(["metrics-server"])

  addon_identities = {
    for name, identity in {
      "aws-ebs-csi-driver" = { service_account = "ebs-csi-controller-sa", policy = "service-role/AmazonEBSCSIDriverPolicy" }
      "vpc-cni"            = { service_account = "aws-node", policy = "AmazonEKS_CNI_Policy" }
    } : name => identity if var.compute == "nodes"
  }
}

# EKS's default for the version that the cluster will run: an upgrade moves cluster, add-ons of the network, nodes, other add-ons, in this order
data "aws_eks_addon_version" "this" {
  for_each = setunion(local.addons_before_nodes, local.addons_after_nodes)

  addon_name         = each.key
  kubernetes_version = var.kubernetes_version
}

resource "aws_iam_role" "addon" {
  for_each = local.addon_identities

  name               = "${local.full_name}-${each.key}"
  assume_role_policy = local.pod_identity_trusts[each.key]
}

resource "aws_iam_role_policy_attachment" "addon" {
  for_each = local.addon_identities

  role       = aws_iam_role.addon[each.key].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/${each.value.policy}"
}

resource "aws_eks_addon" "before_nodes" {
  for_each = local.addons_before_nodes

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = data.aws_eks_addon_version.this[each.key].version
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"

  # the base's network policies are enforced by the network's own agent
  configuration_values = each.key == "vpc-cni" ? jsonencode({ enableNetworkPolicy = "true" }) : null

  dynamic "pod_identity_association" {
    for_each = { for name, identity in local.addon_identities : name => identity if name == each.key }

    content {
      role_arn        = aws_iam_role.addon[pod_identity_association.key].arn
      service_account = pod_identity_association.value.service_account
    }
  }

  depends_on = [aws_iam_role_policy_attachment.addon]
}

resource "aws_eks_addon" "after_nodes" {
  for_each = local.addons_after_nodes

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = data.aws_eks_addon_version.this[each.key].version
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"

  dynamic "pod_identity_association" {
    for_each = { for name, identity in local.addon_identities : name => identity if name == each.key }

    content {
      role_arn        = aws_iam_role.addon[pod_identity_association.key].arn
      service_account = pod_identity_association.value.service_account
    }
  }

  depends_on = [
    aws_eks_node_group.this,
    aws_iam_role_policy_attachment.addon,
  ]
}
