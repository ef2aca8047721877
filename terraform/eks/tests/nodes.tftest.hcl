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

run "nodes_take_a_session_token_and_pods_do_not_reach_it" {
  command = plan

  assert {
    condition     = aws_launch_template.node[0].metadata_options[0].http_tokens == "required"
    error_message = "nodes answer IMDSv1"
  }

  assert {
    condition     = aws_launch_template.node[0].metadata_options[0].http_put_response_hop_limit == 1
    error_message = "a pod can become its node"
  }

  assert {
    condition     = aws_launch_template.node[0].block_device_mappings[0].ebs[0].encrypted == "true"
    error_message = "nodes have unencrypted disks"
  }

  assert {
    condition     = aws_eks_node_group.this["base"].capacity_type == "ON_DEMAND" && aws_eks_node_group.this["base"].scaling_config[0].min_size == 2
    error_message = "the base is not on demand"
  }

  assert {
    condition     = aws_eks_node_group.this["training"].capacity_type == "SPOT" && aws_eks_node_group.this["training"].scaling_config[0].min_size == 0
    error_message = "training does not start from no spot nodes"
  }

  assert {
    condition     = [for taint in aws_eks_node_group.this["training"].taint : "${taint.key}=${taint.value}:${taint.effect}"] == ["lathe/pool=training:NO_SCHEDULE"]
    error_message = "anything may run on training's nodes"
  }

  assert {
    condition     = length(aws_eks_node_group.this["base"].taint) == 0
    error_message = "nothing may run on the base"
  }

  assert {
    condition     = alltrue([for group in aws_eks_node_group.this : group.ami_type == "AL2023_x86_64_STANDARD" && group.version == "1.35"])
    error_message = "nodes are not Amazon Linux 2023 of the cluster's version"
  }

  assert {
    condition     = keys(aws_eks_addon.before_nodes) == ["eks-pod-identity-agent", "kube-proxy", "vpc-cni"]
    error_message = "nodes would start without their network"
  }

  assert {
    condition     = keys(aws_eks_addon.after_nodes) == ["aws-ebs-csi-driver", "coredns", "metrics-server"]
    error_message = "add-ons that run on nodes are missing"
  }

  assert {
    condition     = jsondecode(aws_eks_addon.before_nodes["vpc-cni"].configuration_values).enableNetworkPolicy == "true"
    error_message = "network policies would not be enforced"
  }
}

run "arm64_is_a_switch" {
  command = plan

  variables {
    node_architecture = "arm64"
  }

  assert {
    condition     = alltrue([for group in aws_eks_node_group.this : group.ami_type == "AL2023_ARM_64_STANDARD" && alltrue([for kind in group.instance_types : can(regex("^[a-z][0-9]g[.]", kind))])])
    error_message = "an arm64 node would boot an amd64 image, or the other way round"
  }
}

run "without_training_there_is_no_node_group_for_it" {
  command = plan

  variables {
    training_nodes_max = 0
  }

  assert {
    condition     = keys(aws_eks_node_group.this) == ["base"]
    error_message = "node groups: ${jsonencode(keys(aws_eks_node_group.this))}"
  }
}
