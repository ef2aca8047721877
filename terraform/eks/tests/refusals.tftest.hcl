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

run "rejects_words_that_it_does_not_know" {
  command = plan

  variables {
    environment = "staging"
    compute     = "serverless"
    egress      = "proxy"
  }

  expect_failures = [var.environment, var.compute, var.egress]
}

run "rejects_names_that_the_clouds_would_not_take" {
  command = plan

  variables {
    name                  = "Lathe_1"
    region                = "europe-west3"
    domain                = "https://lathe.example.com"
    cost_tags             = { Team = "Lathe" }
    kubernetes_namespaces = { serving = "Lathe_Test" }
  }

  expect_failures = [var.name, var.region, var.domain, var.cost_tags, var.kubernetes_namespaces]
}

run "rejects_a_single_zone_and_a_public_network" {
  command = plan

  variables {
    zones        = ["eu-central-1a"]
    network_cidr = "8.8.0.0/16"
  }

  expect_failures = [var.zones, var.network_cidr]
}

run "rejects_a_zone_named_twice" {
  command = plan

  variables {
    zones = ["eu-central-1a", "eu-central-1a"]
  }

  expect_failures = [var.zones]
}

run "rejects_zones_of_another_region" {
  command = plan

  variables {
    zones = ["eu-west-1a", "eu-west-1b"]
  }

  expect_failures = [var.zones]
}

run "rejects_a_version_out_of_standard_support" {
  command = plan

  variables {
    kubernetes_version = "1.33"
  }

  expect_failures = [var.kubernetes_version]
}

run "rejects_an_upgrade_that_jumps_a_minor_version" {
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

run "rejects_what_auto_mode_would_ignore" {
  command = plan

  variables {
    compute            = "auto"
    training_nodes_max = 2
    node_architecture  = "arm64"
  }

  expect_failures = [var.training_nodes_max, var.node_architecture]
}

run "rejects_an_api_server_open_to_the_internet" {
  command = plan

  variables {
    endpoint_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.endpoint_cidrs]
}

run "rejects_an_api_server_open_to_both_halves_of_the_internet" {
  command = plan

  variables {
    endpoint_cidrs = ["0.0.0.0/1", "128.0.0.0/1"]
  }

  expect_failures = [var.endpoint_cidrs]
}

run "rejects_wildcards_in_who_is_trusted" {
  command = plan

  variables {
    github_repository = "lathe-ml/*"
    admins            = ["arn:aws:iam::123456789012:role/*"]
  }

  expect_failures = [var.github_repository, var.admins]
}

run "rejects_who_is_nobody" {
  command = plan

  variables {
    github_repository           = "lathe"
    github_identity_provider    = "arn:aws:iam::123456789012:oidc-provider/gitlab.com"
    endpoint_cidrs              = ["the office"]
    previous_kubernetes_version = "latest"
  }

  expect_failures = [var.github_repository, var.github_identity_provider, var.endpoint_cidrs, var.previous_kubernetes_version]
}

run "rejects_a_budget_of_nothing_that_alarms_nobody" {
  command = plan

  variables {
    budget_monthly = 0
    budget_emails  = []
  }

  expect_failures = [var.budget_monthly, var.budget_emails]
}

run "rejects_nodes_and_days_that_do_not_exist" {
  command = plan

  variables {
    node_architecture  = "riscv"
    training_nodes_max = 1.5
    log_retention_days = 100
  }

  expect_failures = [var.node_architecture, var.training_nodes_max, var.log_retention_days]
}

run "rejects_a_cost_tag_that_the_root_sets" {
  command = plan

  variables {
    cost_tags = { environment = "prod" }
  }

  expect_failures = [var.cost_tags]
}
