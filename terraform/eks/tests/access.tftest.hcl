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

run "github_is_trusted_by_repository_and_environment_exactly" {
  command = plan

  assert {
    condition     = jsondecode(aws_iam_role.github["plan"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == "repo:lathe-ml/lathe:environment:eks-test-plan"
    error_message = "plan trusts ${jsonencode(jsondecode(aws_iam_role.github["plan"].assume_role_policy).Statement[0].Condition)}"
  }

  assert {
    condition     = jsondecode(aws_iam_role.github["apply"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == "repo:lathe-ml/lathe:environment:eks-test"
    error_message = "apply trusts ${jsonencode(jsondecode(aws_iam_role.github["apply"].assume_role_policy).Statement[0].Condition)}"
  }

  assert {
    condition     = jsondecode(aws_iam_role.github["push"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == "repo:lathe-ml/lathe:environment:release"
    error_message = "push trusts ${jsonencode(jsondecode(aws_iam_role.github["push"].assume_role_policy).Statement[0].Condition)}"
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.github : keys(jsondecode(role.assume_role_policy).Statement[0].Condition) == ["StringEquals"]])
    error_message = "a role trusts by a pattern"
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.github : jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"])
    error_message = "a role trusts tokens made for others"
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.github : !strcontains(role.assume_role_policy, "*")])
    error_message = "a wildcard in a trust policy"
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.github : length(jsondecode(role.assume_role_policy).Statement) == 1])
    error_message = "a role trusts somebody else too"
  }

  assert {
    condition     = aws_iam_openid_connect_provider.github[0].url == "https://token.actions.githubusercontent.com"
    error_message = "another issuer than GitHub's"
  }

  assert {
    condition     = length([for statement in jsondecode(aws_iam_role_policy.github_push.policy).Statement : statement if statement.Resource == "*" && statement.Action != "ecr:GetAuthorizationToken"]) == 0
    error_message = "the release may push anywhere"
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.github_plan.policy).Statement : statement.Effect == "Deny"])
    error_message = "a plan is allowed more than to read settings"
  }
}

run "an_account_that_knows_github_already_is_not_given_a_second_provider" {
  command = plan

  variables {
    github_identity_provider = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0
    error_message = "a second identity provider, which AWS refuses"
  }
}

run "each_pod_is_one_service_account_of_one_namespace" {
  command = plan

  assert {
    condition     = { for name, pod in aws_eks_pod_identity_association.pod : name => "${pod.namespace}/${pod.service_account}" } == { mlflow = "mlflow/mlflow", monitor = "lathe-test/monitor", predictor = "lathe-test/predictor", training = "training/training" }
    error_message = "identities: ${jsonencode({ for name, pod in aws_eks_pod_identity_association.pod : name => pod.namespace })}"
  }

  assert {
    condition     = alltrue([for name, role in aws_iam_role.pod : jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["aws:RequestTag/kubernetes-service-account"] == name])
    error_message = "a pod can take another's role"
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.pod : jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["aws:RequestTag/eks-cluster-name"] == "lathe-test"])
    error_message = "a pod of another cluster can take a role of this one"
  }

  assert {
    condition     = alltrue([for policy in aws_iam_role_policy.pod : alltrue([for statement in jsondecode(policy.policy).Statement : statement.Resource != "*" && !contains(flatten([statement.Action]), "s3:*")])])
    error_message = "a pod may do more than its buckets"
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.pod["predictor"].policy, "s3:GetObject") && strcontains(aws_iam_role_policy.pod["predictor"].policy, "s3:PutObject")
    error_message = "the predictor may read the prediction log, or not write it"
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.pod["monitor"].policy, "s3:PutObject")
    error_message = "the monitor may write"
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.pod["mlflow"].policy, "secretsmanager:GetSecretValue") && !strcontains(aws_iam_role_policy.pod["training"].policy, "secretsmanager")
    error_message = "the database's password is not MLflow's alone"
  }
}

run "the_outputs_are_what_the_settings_are_made_of" {
  command = plan

  assert {
    condition     = output.registry == "123456789012.dkr.ecr.eu-central-1.amazonaws.com/lathe-test"
    error_message = "registry ${output.registry}"
  }

  assert {
    condition     = output.kubeconfig == "aws eks update-kubeconfig --region eu-central-1 --name lathe-test"
    error_message = "kubeconfig: ${output.kubeconfig}"
  }

  assert {
    condition     = keys(output.github_variables) == ["eks-test", "eks-test-plan", "release"]
    error_message = "environments of GitHub: ${jsonencode(keys(output.github_variables))}"
  }
}
