run "an_unknown_environment_is_refused" {
  command = plan

  variables {
    environment = "staging"
  }

  expect_failures = [var.environment]
}

run "the_name_says_which_environment_it_is" {
  command = plan

  variables {
    environment = "test"
  }

  assert {
    condition     = terraform_data.cluster.input == "lathe-test: 2 nodes"
    error_message = "found ${terraform_data.cluster.input}"
  }
}
