resource "google_monitoring_notification_channel" "budget" {
  for_each = toset(var.budget_emails)

  type         = "email"
  display_name = "${local.full_name}: budget, ${each.key}"
  user_labels  = local.labels

  labels = {
    email_address = each.key
  }

  depends_on = [google_project_service.this]
}

# The whole project's, as the account's on AWS.
resource "google_billing_budget" "this" {
  billing_account = data.google_project.this.billing_account
  display_name    = local.full_name

  budget_filter {
    projects        = ["projects/${local.number}"]
    calendar_period = "MONTH"
  }

  amount {
    specified_amount {
      currency_code = "USD"
      units         = tostring(floor(var.budget_monthly))
    }
  }

  threshold_rules {
    threshold_percent = 0.8
    spend_basis       = "CURRENT_SPEND"
  }

  threshold_rules {
    threshold_percent = 1.0
    spend_basis       = "FORECASTED_SPEND"
  }

  all_updates_rule {
    monitoring_notification_channels = sort([for channel in google_monitoring_notification_channel.budget : channel.id])
    disable_default_iam_recipients   = false
  }
}
