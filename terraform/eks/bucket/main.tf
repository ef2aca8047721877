# One bucket as all of ours are: private, versioned, encrypted, TLS alone, old versions gone after a while.
# A module, for checkov does not follow what is made by for_each.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

variable "name" {
  description = "Name of the bucket, which no other bucket of AWS has."
  type        = string
}

variable "key_arn" {
  description = "KMS key that encrypts it; null for S3's own keys."
  type        = string
  default     = null
}

variable "access_log" {
  description = "Where its access log goes to; null for none. An object, for whether there is one has to be known before the name is."
  type        = object({ bucket = string })
  default     = null
}

variable "expire_days" {
  description = "Days after which an object is removed; null for never."
  type        = number
  default     = null
}

variable "keep_old_versions_days" {
  description = "Days for which a replaced or removed object can be had back."
  type        = number
}

variable "force_destroy" {
  description = "Whether a destroy takes the objects along."
  type        = bool
}

variable "statements" {
  description = "Further statements of the bucket's policy."
  type        = any
  default     = []
}

data "aws_partition" "current" {}

resource "aws_s3_bucket" "this" {
  # checkov:skip=CKV_AWS_144:one region by design; old versions are the way back
  # checkov:skip=CKV2_AWS_62:nothing waits for events of these buckets
  # checkov:skip=CKV_AWS_18:all but the log bucket have one, and an access log of the log bucket would log itself
  # checkov:skip=CKV_AWS_145:all but the log bucket are encrypted by the own key; S3 writes access logs only where its own key encrypts
  bucket        = var.name
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = var.key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket = aws_s3_bucket.this.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_logging" "this" {
  count = var.access_log == null ? 0 : 1

  bucket        = aws_s3_bucket.this.id
  target_bucket = var.access_log.bucket
  target_prefix = "access/${var.name}/"
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.keep_old_versions_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  dynamic "rule" {
    for_each = var.expire_days[*]

    content {
      id     = "expire"
      status = "Enabled"

      filter {}

      expiration {
        days = rule.value
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([{
      Sid       = "TlsAlone"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "s3:*"
      Resource  = ["arn:${data.aws_partition.current.partition}:s3:::${var.name}", "arn:${data.aws_partition.current.partition}:s3:::${var.name}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }], var.statements)
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}

output "name" {
  description = "Name of the bucket, ready for use."
  value       = aws_s3_bucket.this.id
  depends_on  = [aws_s3_bucket_policy.this]
}

output "arn" {
  description = "ARN of the bucket, ready for use."
  value       = aws_s3_bucket.this.arn
  depends_on  = [aws_s3_bucket_policy.this]
}
