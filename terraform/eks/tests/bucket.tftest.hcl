mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  name                   = "lathe-test-bundles-123456789012"
  key_arn                = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  access_log             = { bucket = "lathe-test-logs-123456789012" }
  keep_old_versions_days = 30
  expire_days            = 90
  force_destroy          = false
}

run "a_bucket_is_private_versioned_encrypted_and_tls_alone" {
  command = plan

  module {
    source = "./bucket"
  }

  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "what is overwritten is lost"
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms" && one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].kms_master_key_id == var.key_arn
    error_message = "not encrypted by the own key"
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.this.block_public_acls && aws_s3_bucket_public_access_block.this.block_public_policy && aws_s3_bucket_public_access_block.this.ignore_public_acls && aws_s3_bucket_public_access_block.this.restrict_public_buckets
    error_message = "something of it may be public"
  }

  assert {
    condition     = jsondecode(aws_s3_bucket_policy.this.policy).Statement[0] == { Sid = "TlsAlone", Effect = "Deny", Principal = { AWS = "*" }, Action = "s3:*", Resource = ["arn:aws:s3:::lathe-test-bundles-123456789012", "arn:aws:s3:::lathe-test-bundles-123456789012/*"], Condition = { Bool = { "aws:SecureTransport" = "false" } } }
    error_message = "it may be read without TLS"
  }

  assert {
    condition     = aws_s3_bucket_logging.this[0].target_bucket == "lathe-test-logs-123456789012"
    error_message = "nobody knows who read it"
  }

  assert {
    condition     = !aws_s3_bucket.this.force_destroy
    error_message = "a destroy takes the objects along"
  }

  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id if rule.status == "Enabled"] == ["old-versions", "expire"]
    error_message = "objects or old versions stay for ever"
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this.rule[0].noncurrent_version_expiration[0].noncurrent_days == 30 && aws_s3_bucket_lifecycle_configuration.this.rule[1].expiration[0].days == 90
    error_message = "objects go sooner or later than asked for"
  }
}

run "without_a_time_nothing_expires" {
  command = plan

  module {
    source = "./bucket"
  }

  variables {
    expire_days = null
  }

  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id] == ["old-versions"]
    error_message = "bundles would expire"
  }
}

run "without_a_key_the_bucket_is_encrypted_all_the_same" {
  command = plan

  module {
    source = "./bucket"
  }

  variables {
    key_arn = null
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "not encrypted"
  }
}
