locals {
  key_administration = {
    Sid       = "TheAccountDecides"
    Effect    = "Allow"
    Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
    Action    = "kms:*"
    Resource  = "*"
  }
}

# Kubernetes' secrets, and nothing else
resource "aws_kms_key" "cluster" {
  description             = "${local.full_name}: secrets of the cluster"
  deletion_window_in_days = var.deletion_protection ? 30 : 7
  enable_key_rotation     = true

  policy = jsonencode({ Version = "2012-10-17", Statement = [local.key_administration] })
}

resource "aws_kms_alias" "cluster" {
  name          = "alias/${local.full_name}-cluster"
  target_key_id = aws_kms_key.cluster.key_id
}

# buckets, images, logs, the database
resource "aws_kms_key" "data" {
  description             = "${local.full_name}: data"
  deletion_window_in_days = var.deletion_protection ? 30 : 7
  enable_key_rotation     = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      local.key_administration,
      {
        Sid       = "CloudWatchEncryptsTheLogs"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.region}.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "*"
        Condition = {
          ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${local.partition}:logs:${var.region}:${local.account}:log-group:*" }
        }
      },
    ]
  })
}

resource "aws_kms_alias" "data" {
  name          = "alias/${local.full_name}-data"
  target_key_id = aws_kms_key.data.key_id
}
