mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  environment           = "prod"
  region                = "europe-west3"
  zones                 = ["europe-west3-a", "europe-west3-b", "europe-west3-c"]
  admins                = ["group:admins@example.com"]
  github_repository     = "lathe-ml/lathe"
  budget_monthly        = 400
  budget_emails         = ["lathe@example.com"]
  kubernetes_namespaces = { serving = "lathe-prod" }
}

run "rejects_production_without_deletion_protection" {
  command = plan

  variables {
    deletion_protection = false
  }

  expect_failures = [var.deletion_protection]
}

run "rejects_a_confirmation_of_something_else" {
  command = plan

  variables {
    deletion_protection = false
    confirm_unprotected = "yes"
  }

  expect_failures = [var.confirm_unprotected]
}

run "rejects_production_in_two_zones" {
  command = plan

  variables {
    zones = ["europe-west3-a", "europe-west3-b"]
  }

  expect_failures = [var.zones]
}

run "rejects_production_that_forgets_its_logs_within_the_year" {
  command = plan

  variables {
    log_retention_days = 180
  }

  expect_failures = [var.log_retention_days]
}
