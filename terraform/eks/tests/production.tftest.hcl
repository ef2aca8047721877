mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  environment           = "prod"
  region                = "eu-central-1"
  zones                 = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  admins                = ["arn:aws:iam::123456789012:role/admins"]
  github_repository     = "lathe-ml/lathe"
  budget_monthly        = 400
  budget_emails         = ["lathe@example.com"]
  kubernetes_namespaces = { serving = "lathe-test" }
  egress                = "nat_per_zone"
}

run "production_has_a_way_out_and_a_node_in_each_zone_and_a_standby_database" {
  command = plan

  assert {
    condition     = aws_eks_node_group.this["base"].scaling_config[0].min_size == 3
    error_message = "fewer nodes than zones"
  }

  assert {
    condition     = aws_db_instance.mlflow[0].multi_az && aws_db_instance.mlflow[0].backup_retention_period == 30
    error_message = "the database has no standby, or backups of less than 30 days"
  }

  assert {
    condition     = aws_db_instance.mlflow[0].deletion_protection && !aws_db_instance.mlflow[0].skip_final_snapshot
    error_message = "the database can be lost"
  }

  assert {
    condition     = aws_eks_cluster.this.zonal_shift_config[0].enabled
    error_message = "a zone's outage is not shifted away from"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 3
    error_message = "zones share a way out"
  }

  assert {
    condition     = aws_kms_key.cluster.deletion_window_in_days == 30 && aws_kms_key.data.deletion_window_in_days == 30
    error_message = "a deleted key is gone within a month"
  }

  assert {
    condition     = terraform_data.guard.input.protected
    error_message = "the guard lets a destroy through"
  }

  assert {
    condition     = endswith(jsondecode(aws_iam_role.github["apply"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"], ":environment:eks-prod")
    error_message = "production is applied from another environment of GitHub"
  }
}

run "production_gives_way_when_that_is_confirmed" {
  command = plan

  variables {
    deletion_protection = false
    confirm_unprotected = "prod"
  }

  assert {
    condition     = !terraform_data.guard.input.protected && !aws_db_instance.mlflow[0].deletion_protection
    error_message = "the protection stays"
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.force_delete])
    error_message = "images would stop the destroy half-way"
  }

  assert {
    condition     = !aws_db_instance.mlflow[0].skip_final_snapshot
    error_message = "the last snapshot is not taken"
  }
}
