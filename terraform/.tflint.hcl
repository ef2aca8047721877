# The ruleset of the language, which is part of tflint: those of AWS and Google are downloaded from GitHub alone.
plugin "terraform" {
  enabled = true
  preset  = "all"
}

# the roots share file names that say more than main.tf does; tests/terraform/checks holds the two beside each other
rule "terraform_standard_module_structure" {
  enabled = false
}
