mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  environment           = "test"
  region                = "europe-west3"
  zones                 = ["europe-west3-a", "europe-west3-b", "europe-west3-c"]
  admins                = ["group:admins@example.com"]
  github_repository     = "lathe-ml/lathe"
  budget_monthly        = 400
  budget_emails         = ["lathe@example.com"]
  kubernetes_namespaces = { serving = "lathe-test" }
}

run "rejects_an_unknown_environment" {
  command = plan

  variables {
    environment = "staging"
  }

  expect_failures = [var.environment]
}

run "rejects_a_name_that_no_bucket_may_have" {
  command = plan

  variables {
    name = "Lathe_1"
  }

  expect_failures = [var.name]
}

run "rejects_a_region_of_another_cloud" {
  command = plan

  variables {
    region = "eu-central-1"
  }

  expect_failures = [var.region]
}

run "rejects_a_single_zone" {
  command = plan

  variables {
    zones = ["europe-west3-a"]
  }

  expect_failures = [var.zones]
}

run "rejects_a_zone_named_twice" {
  command = plan

  variables {
    zones = ["europe-west3-a", "europe-west3-a"]
  }

  expect_failures = [var.zones]
}

run "rejects_zones_of_another_region" {
  command = plan

  variables {
    zones = ["europe-west4-a", "europe-west4-b"]
  }

  expect_failures = [var.zones]
}

run "rejects_a_public_network" {
  command = plan

  variables {
    network_cidr = "8.8.0.0/16"
  }

  expect_failures = [var.network_cidr]
}

run "rejects_a_version_that_is_not_supported" {
  command = plan

  variables {
    kubernetes_version = "1.31"
  }

  expect_failures = [var.kubernetes_version]
}

run "rejects_a_jump_of_two_minors" {
  command = plan

  variables {
    kubernetes_version          = "1.36"
    previous_kubernetes_version = "1.34"
  }

  expect_failures = [var.previous_kubernetes_version]
}

run "rejects_a_step_back" {
  command = plan

  variables {
    kubernetes_version          = "1.34"
    previous_kubernetes_version = "1.35"
  }

  expect_failures = [var.previous_kubernetes_version]
}

run "rejects_an_unknown_kind_of_compute" {
  command = plan

  variables {
    compute = "fargate"
  }

  expect_failures = [var.compute]
}

run "rejects_an_architecture_of_the_root_with_autopilot" {
  command = plan

  variables {
    compute            = "auto"
    training_nodes_max = 0
    node_architecture  = "arm64"
  }

  expect_failures = [var.node_architecture]
}

run "rejects_training_nodes_with_autopilot" {
  command = plan

  variables {
    compute            = "auto"
    training_nodes_max = 2
  }

  expect_failures = [var.training_nodes_max]
}

run "rejects_a_nat_gateway_for_each_zone_since_cloud_nat_is_the_regions" {
  command = plan

  variables {
    egress = "nat_per_zone"
  }

  expect_failures = [var.egress]
}

run "rejects_an_endpoint_open_to_the_internet" {
  command = plan

  variables {
    endpoint_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.endpoint_cidrs]
}

run "rejects_an_endpoint_open_to_half_the_internet" {
  command = plan

  variables {
    endpoint_cidrs = ["0.0.0.0/1", "128.0.0.0/1"]
  }

  expect_failures = [var.endpoint_cidrs]
}

run "rejects_everybody_as_administrator" {
  command = plan

  variables {
    admins = ["allUsers"]
  }

  expect_failures = [var.admins]
}

run "rejects_a_wildcard_as_administrator" {
  command = plan

  variables {
    admins = ["group:*@example.com"]
  }

  expect_failures = [var.admins]
}

run "rejects_an_administrator_of_another_cloud" {
  command = plan

  variables {
    admins = ["arn:aws:iam::123456789012:role/admins"]
  }

  expect_failures = [var.admins]
}

run "rejects_a_wildcard_as_repository" {
  command = plan

  variables {
    github_repository = "lathe-ml/*"
  }

  expect_failures = [var.github_repository]
}

run "rejects_the_identity_provider_of_another_cloud" {
  command = plan

  variables {
    github_identity_provider = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
  }

  expect_failures = [var.github_identity_provider]
}

run "rejects_a_budget_of_nothing" {
  command = plan

  variables {
    budget_monthly = 0
  }

  expect_failures = [var.budget_monthly]
}

run "rejects_a_budget_that_nobody_hears_of" {
  command = plan

  variables {
    budget_emails = []
  }

  expect_failures = [var.budget_emails]
}

run "rejects_labels_that_google_would_not_take" {
  command = plan

  variables {
    cost_tags = { Team = "Lathe" }
  }

  expect_failures = [var.cost_tags]
}

run "rejects_labels_that_are_the_roots_own" {
  command = plan

  variables {
    cost_tags = { environment = "prod" }
  }

  expect_failures = [var.cost_tags]
}

run "rejects_logs_kept_for_a_week" {
  command = plan

  variables {
    log_retention_days = 7
  }

  expect_failures = [var.log_retention_days]
}
