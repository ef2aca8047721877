environment = "prod"
region      = "europe-west3"
zones       = ["europe-west3-a", "europe-west3-b", "europe-west3-c"]

egress              = "nat_single"
deletion_protection = true

# replaced by -var or a file of your own: these are nobody's
admins            = []
github_repository = "lathe-ml/lathe"
budget_monthly    = 1200
budget_emails     = ["lathe@example.com"]

log_retention_days = 365
cost_tags          = { team = "lathe" }

kubernetes_namespaces = { serving = "lathe-prod-gke" }
