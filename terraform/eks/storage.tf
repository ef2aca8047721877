locals {
  bucket_names = {
    for purpose in ["bundles", "logs", "mlflow", "predictions"] : purpose => "${local.full_name}-${purpose}-${local.account}"
  }
}

# trained bundles are kept for ever: a release names one by its digest
module "bundles" {
  source = "./bucket"

  name                   = local.bucket_names.bundles
  key_arn                = aws_kms_key.data.arn
  access_log             = { bucket = module.logs.name }
  keep_old_versions_days = var.log_retention_days
  force_destroy          = !var.deletion_protection
}

module "mlflow" {
  source = "./bucket"

  name                   = local.bucket_names.mlflow
  key_arn                = aws_kms_key.data.arn
  access_log             = { bucket = module.logs.name }
  keep_old_versions_days = 90
  force_destroy          = !var.deletion_protection
}

module "predictions" {
  source = "./bucket"

  name                   = local.bucket_names.predictions
  key_arn                = aws_kms_key.data.arn
  access_log             = { bucket = module.logs.name }
  expire_days            = var.log_retention_days
  keep_old_versions_days = 30
  force_destroy          = !var.deletion_protection
}

module "logs" {
  source = "./bucket"

  name                   = local.bucket_names.logs
  expire_days            = var.log_retention_days
  keep_old_versions_days = 30
  force_destroy          = !var.deletion_protection

  statements = [
    {
      Sid       = "AccessLogs"
      Effect    = "Allow"
      Principal = { Service = "logging.s3.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${local.bucket_arns.logs}/access/*"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    },
    {
      Sid       = "FlowLogs"
      Effect    = "Allow"
      Principal = { Service = "delivery.logs.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${local.bucket_arns.logs}/AWSLogs/*"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account, "s3:x-amz-acl" = "bucket-owner-full-control" } }
    },
    {
      Sid       = "FlowLogsLookFirst"
      Effect    = "Allow"
      Principal = { Service = "delivery.logs.amazonaws.com" }
      Action    = ["s3:GetBucketAcl", "s3:ListBucket"]
      Resource  = local.bucket_arns.logs
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    },
  ]
}
