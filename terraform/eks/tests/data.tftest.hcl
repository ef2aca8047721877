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

run "images_are_immutable_scanned_and_encrypted" {
  command = plan

  assert {
    condition     = keys(aws_ecr_repository.this) == ["monitor", "predictor", "training"]
    error_message = "repositories: ${jsonencode(keys(aws_ecr_repository.this))}"
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.image_tag_mutability == "IMMUTABLE"])
    error_message = "a tag can be moved to another image"
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.image_scanning_configuration[0].scan_on_push])
    error_message = "images are not scanned"
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.encryption_configuration[0].encryption_type == "KMS" && repository.encryption_configuration[0].kms_key == aws_kms_key.data.arn])
    error_message = "images are not encrypted by the own key"
  }

  assert {
    condition     = alltrue([for policy in aws_ecr_lifecycle_policy.this : jsondecode(policy.policy).rules[0].selection.tagStatus == "untagged"])
    error_message = "a released image would expire"
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : !repository.force_delete])
    error_message = "a destroy would take the images along"
  }
}

run "the_database_is_encrypted_private_and_has_no_password_in_the_state" {
  command = plan

  assert {
    condition     = aws_db_instance.mlflow[0].storage_encrypted && aws_db_instance.mlflow[0].kms_key_id == aws_kms_key.data.arn
    error_message = "the database is not encrypted by the own key"
  }

  assert {
    condition     = aws_db_instance.mlflow[0].manage_master_user_password && aws_db_instance.mlflow[0].password == null
    error_message = "the password is in the state"
  }

  assert {
    condition     = !aws_db_instance.mlflow[0].publicly_accessible && aws_db_instance.mlflow[0].deletion_protection
    error_message = "the database is public or unprotected"
  }

  assert {
    condition     = aws_db_instance.mlflow[0].backup_retention_period == 7
    error_message = "backups: ${aws_db_instance.mlflow[0].backup_retention_period} days, expected 7"
  }

  assert {
    condition     = contains([for parameter in aws_db_parameter_group.mlflow[0].parameter : "${parameter.name}=${parameter.value}"], "rds.force_ssl=1")
    error_message = "the database talks without TLS"
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.database[0].referenced_security_group_id == aws_eks_cluster.this.vpc_config[0].cluster_security_group_id && aws_vpc_security_group_ingress_rule.database[0].cidr_ipv4 == null
    error_message = "others than the cluster's nodes reach the database"
  }
}

run "without_a_database_nothing_of_it_is_left" {
  command = plan

  variables {
    database = false
  }

  assert {
    condition     = length(aws_db_instance.mlflow) + length(aws_subnet.database) + length(aws_security_group.database) + length(aws_cloudwatch_log_group.database) + length(aws_iam_role.database_monitoring) == 0
    error_message = "parts of a database without it"
  }

  assert {
    condition     = output.mlflow_database == null
    error_message = "mlflow_database names a secret of no database"
  }
}

run "a_domain_gets_a_zone_and_one_certificate_for_it_and_all_below" {
  command = plan

  variables {
    domain = "lathe.example.com"
  }

  assert {
    condition     = aws_acm_certificate.this[0].domain_name == "lathe.example.com" && aws_acm_certificate.this[0].subject_alternative_names == toset(["*.lathe.example.com"])
    error_message = "the certificate is another one"
  }

  assert {
    condition     = aws_route53_record.certificate[0].name == "_x.lathe.example.com." && aws_route53_record.certificate[0].type == "CNAME"
    error_message = "the certificate's record is another one"
  }
}

run "without_a_domain_there_is_neither" {
  command = plan

  assert {
    condition     = length(aws_route53_zone.this) + length(aws_acm_certificate.this) + length(aws_route53_record.certificate) == 0
    error_message = "a zone or a certificate of no domain"
  }
}

run "the_budget_alarms_before_and_after" {
  command = plan

  assert {
    condition     = aws_budgets_budget.this.limit_amount == "400" && length(aws_budgets_budget.this.notification) == 2
    error_message = "budget ${aws_budgets_budget.this.limit_amount} with ${length(aws_budgets_budget.this.notification)} alarms"
  }

  assert {
    condition     = alltrue([for alarm in aws_budgets_budget.this.notification : alarm.subscriber_email_addresses == toset(["lathe@example.com"])])
    error_message = "an alarm goes to nobody"
  }

  assert {
    condition     = local.tags == { application = "lathe", environment = "test", managed-by = "terraform" }
    error_message = "cost tags: ${jsonencode(local.tags)}"
  }
}
