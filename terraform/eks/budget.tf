# The whole account's: a budget by tag counts nothing until somebody activates the tag in the billing console, and says nothing of it.
resource "aws_budgets_budget" "this" {
  name         = local.full_name
  budget_type  = "COST"
  limit_amount = tostring(var.budget_monthly)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "ACTUAL"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = var.budget_emails
  }

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "FORECASTED"
    threshold                  = 100
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = var.budget_emails
  }
}
