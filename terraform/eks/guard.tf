# Deletion protection of the database protects the database alone: a destroy would take the cluster before the database refuses.
# A destroy goes backwards, so what depends on everything is destroyed first, and refuses for everything.
resource "terraform_data" "guard" {
  input = {
    protected = var.deletion_protection
    name      = local.full_name
  }

  # what would be made anew is refused as well, for that is a destroy too
  triggers_replace = [local.full_name, var.region]

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["/bin/sh", "-c"]
    command     = "[ \"$PROTECTED\" = false ] || { echo \"error: $NAME is protected, nothing was destroyed: set deletion_protection = false (in prod also confirm_unprotected = \\\"prod\\\"), apply, then destroy\" >&2; exit 1; }"

    environment = {
      PROTECTED = self.input.protected
      NAME      = self.input.name
    }
  }

  lifecycle {
    replace_triggered_by = [
      aws_eks_cluster.this.arn,
      aws_kms_key.cluster.arn,
      aws_kms_key.data.arn,
      aws_vpc.this.arn,
    ]
  }

  # everything of this root: a test compares
  depends_on = [
    aws_acm_certificate.this,
    aws_budgets_budget.this,
    aws_cloudwatch_log_group.cluster,
    aws_cloudwatch_log_group.database,
    aws_db_instance.mlflow,
    aws_db_parameter_group.mlflow,
    aws_db_subnet_group.mlflow,
    aws_default_security_group.this,
    aws_ecr_lifecycle_policy.this,
    aws_ecr_repository.this,
    aws_eip.nat,
    aws_eks_access_entry.admin,
    aws_eks_access_policy_association.admin,
    aws_eks_addon.after_nodes,
    aws_eks_addon.before_nodes,
    aws_eks_cluster.this,
    aws_eks_node_group.this,
    aws_eks_pod_identity_association.pod,
    aws_flow_log.this,
    aws_iam_openid_connect_provider.github,
    aws_iam_role.addon,
    aws_iam_role.cluster,
    aws_iam_role.database_monitoring,
    aws_iam_role.github,
    aws_iam_role.node,
    aws_iam_role.pod,
    aws_iam_role_policy.cluster,
    aws_iam_role_policy.github_apply,
    aws_iam_role_policy.github_plan,
    aws_iam_role_policy.github_push,
    aws_iam_role_policy.pod,
    aws_iam_role_policy_attachment.addon,
    aws_iam_role_policy_attachment.cluster,
    aws_iam_role_policy_attachment.database_monitoring,
    aws_iam_role_policy_attachment.github_apply,
    aws_iam_role_policy_attachment.github_plan,
    aws_iam_role_policy_attachment.node,
    aws_internet_gateway.this,
    aws_kms_alias.cluster,
    aws_kms_alias.data,
    aws_kms_key.cluster,
    aws_kms_key.data,
    aws_launch_template.node,
    aws_nat_gateway.this,
    aws_route.private,
    aws_route.public,
    aws_route53_record.certificate,
    aws_route53_zone.this,
    aws_route_table.private,
    aws_route_table.public,
    aws_route_table_association.private,
    aws_route_table_association.public,
    aws_security_group.database,
    aws_security_group.endpoints,
    aws_subnet.database,
    aws_subnet.private,
    aws_subnet.public,
    aws_vpc.this,
    aws_vpc_endpoint.interface,
    aws_vpc_endpoint.s3,
    aws_vpc_security_group_ingress_rule.database,
    aws_vpc_security_group_ingress_rule.endpoints,
    module.bundles,
    module.logs,
    module.mlflow,
    module.predictions,
  ]
}
