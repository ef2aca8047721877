environment = "prod"
region      = "eu-central-1"
zones       = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]

egress              = "nat_per_zone"
deletion_protection = true

# replaced by -var or a file of your own: these are nobody's
admins            = []
github_repository = "lathe-ml/lathe"
budget_monthly    = 1200
budget_emails     = ["lathe@example.com"]

log_retention_days = 365
cost_tags          = { team = "lathe" }

kubernetes_namespaces = { serving = "lathe-prod-eks" }
