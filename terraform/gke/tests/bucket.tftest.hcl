mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  name                   = "lathe-trial-lathe-test-bundles"
  region                 = "europe-west3"
  key                    = "projects/lathe-trial/locations/europe-west3/keyRings/lathe-test/cryptoKeys/data"
  labels                 = { environment = "test" }
  access_log_bucket      = "lathe-trial-lathe-test-logs"
  keep_old_versions_days = 30
  force_destroy          = false
}

run "a_bucket_is_never_public_versioned_encrypted_and_logged" {
  command = plan

  module {
    source = "./bucket"
  }

  assert {
    condition     = google_storage_bucket.this.uniform_bucket_level_access && google_storage_bucket.this.public_access_prevention == "enforced"
    error_message = "a second way in, or a public one"
  }

  assert {
    condition     = google_storage_bucket.this.versioning[0].enabled && google_storage_bucket.this.encryption[0].default_kms_key_name == var.key
    error_message = "not versioned, or not encrypted by the own key"
  }

  assert {
    condition     = google_storage_bucket.this.logging[0].log_bucket == "lathe-trial-lathe-test-logs"
    error_message = "no access log"
  }

  assert {
    condition     = length(google_storage_bucket.this.lifecycle_rule) == 2
    error_message = "objects that are to stay for ever expire"
  }
}

run "a_log_expires" {
  command = plan

  module {
    source = "./bucket"
  }

  variables {
    expire_days       = 90
    access_log_bucket = null
  }

  assert {
    condition     = contains([for rule in google_storage_bucket.this.lifecycle_rule : one(rule.condition).age], 90) && length(google_storage_bucket.this.logging) == 0
    error_message = "it does not expire, or logs itself"
  }
}
