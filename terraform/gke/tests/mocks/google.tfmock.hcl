# What Google would answer, as far as the root builds names from it.
mock_data "google_project" {
  defaults = { id = "projects/lathe-trial", number = "123456789012", billing_account = "000000-000000-000000" }
}

mock_resource "google_service_account" {
  defaults = {
    email  = "mocked@lathe-trial.iam.gserviceaccount.com"
    member = "serviceAccount:mocked@lathe-trial.iam.gserviceaccount.com"
    name   = "projects/lathe-trial/serviceAccounts/mocked@lathe-trial.iam.gserviceaccount.com"
  }
}

mock_resource "google_certificate_manager_dns_authorization" {
  defaults = { dns_resource_record = [{ name = "_acme.lathe.example.com.", type = "CNAME", data = "authorize.certificatemanager.goog." }] }
}
