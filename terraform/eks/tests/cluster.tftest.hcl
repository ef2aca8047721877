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

run "the_cluster_is_private_logged_encrypted_and_in_standard_support" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this.enabled_cluster_log_types == toset(["api", "audit", "authenticator", "controllerManager", "scheduler"])
    error_message = "not all five logs of the control plane: ${jsonencode(aws_eks_cluster.this.enabled_cluster_log_types)}"
  }
}
