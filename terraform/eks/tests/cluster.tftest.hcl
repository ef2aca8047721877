mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  environment           = "test"
  region                = "eu-central-1"
  zones                 = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  admins                = ["arn:aws:iam::123456789012:role/admins"]
  github_repository     = "lathe-ml/lathe"
  budget_monthly        = 400
  budget_emails         = ["lathe@example.com"]
  kubernetes_namespaces = { serving = "lathe-test" }
}

override_resource {
  target          = aws_kms_key.cluster
  values          = { arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000001" }
  override_during = plan
}

run "the_cluster_is_private_logged_encrypted_and_in_standard_support" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this.enabled_cluster_log_types == toset(["api", "audit", "authenticator", "controllerManager", "scheduler"])
    error_message = "not the five logs of the control plane: ${jsonencode(aws_eks_cluster.this.enabled_cluster_log_types)}"
  }

  assert {
    condition     = !aws_eks_cluster.this.vpc_config[0].endpoint_public_access && aws_eks_cluster.this.vpc_config[0].endpoint_private_access
    error_message = "the API server is reachable from outside the network"
  }

  assert {
    condition     = aws_eks_cluster.this.encryption_config[0].resources == toset(["secrets"]) && aws_eks_cluster.this.encryption_config[0].provider[0].key_arn == aws_kms_key.cluster.arn
    error_message = "secrets are not encrypted by the own key"
  }

  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "somebody else than var.admins may administer the cluster"
  }

  assert {
    condition     = aws_eks_cluster.this.upgrade_policy[0].support_type == "STANDARD"
    error_message = "the cluster would slide into extended support, at six times the price"
  }

  assert {
    condition     = aws_eks_cluster.this.version == "1.35"
    error_message = "version ${aws_eks_cluster.this.version}, expected 1.35"
  }

  assert {
    condition     = !aws_eks_cluster.this.bootstrap_self_managed_addons
    error_message = "EKS installs add-ons beside addons.tf"
  }

  assert {
    condition     = aws_kms_key.cluster.enable_key_rotation && aws_kms_key.data.enable_key_rotation
    error_message = "a key is not rotated"
  }

  assert {
    condition     = aws_cloudwatch_log_group.cluster.kms_key_id == aws_kms_key.data.arn && aws_cloudwatch_log_group.cluster.retention_in_days == 365
    error_message = "the control plane's logs are not encrypted, or not kept for a year"
  }

  assert {
    condition     = length(aws_eks_access_entry.admin) == 1 && alltrue([for entry in aws_eks_access_policy_association.admin : endswith(entry.policy_arn, "/AmazonEKSClusterAdminPolicy")])
    error_message = "administrators are not exactly var.admins"
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.cluster.policy, "logs:CreateLogGroup") && strcontains(aws_iam_role_policy.cluster.policy, "Deny")
    error_message = "the cluster could make its log group anew after a destroy"
  }
}

run "auto_mode_switches_all_of_its_parts" {
  command = plan

  variables {
    compute            = "auto"
    training_nodes_max = 0
  }

  assert {
    condition     = aws_eks_cluster.this.compute_config[0].enabled && aws_eks_cluster.this.storage_config[0].block_storage[0].enabled && aws_eks_cluster.this.kubernetes_network_config[0].elastic_load_balancing[0].enabled
    error_message = "one of the three parts of Auto Mode is off, which EKS refuses"
  }

  assert {
    condition     = length(aws_eks_node_group.this) == 0 && length(aws_launch_template.node) == 0
    error_message = "node groups beside Auto Mode"
  }

  assert {
    condition     = length(aws_eks_addon.before_nodes) == 0 && keys(aws_eks_addon.after_nodes) == ["metrics-server"]
    error_message = "add-ons that Auto Mode brings along are installed twice"
  }

  assert {
    condition     = contains(keys(aws_iam_role_policy_attachment.cluster), "AmazonEKSComputePolicy") && contains(keys(aws_iam_role_policy_attachment.node), "AmazonEKSWorkerNodeMinimalPolicy")
    error_message = "Auto Mode lacks its policies"
  }
}

run "an_upgrade_by_one_minor_version_moves_everything" {
  command = plan

  variables {
    kubernetes_version          = "1.36"
    previous_kubernetes_version = "1.35"
  }

  assert {
    condition     = aws_eks_cluster.this.version == "1.36" && alltrue([for group in aws_eks_node_group.this : group.version == "1.36"])
    error_message = "the nodes stay behind"
  }

  assert {
    condition     = alltrue([for version in data.aws_eks_addon_version.this : version.kubernetes_version == "1.36"])
    error_message = "the add-ons stay behind"
  }
}

run "the_endpoint_is_open_to_the_networks_that_are_named_alone" {
  command = plan

  variables {
    endpoint_cidrs = ["203.0.113.0/24"]
  }

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_public_access && aws_eks_cluster.this.vpc_config[0].public_access_cidrs == toset(["203.0.113.0/24"])
    error_message = "the API server is open to ${jsonencode(aws_eks_cluster.this.vpc_config[0].public_access_cidrs)}"
  }
}
