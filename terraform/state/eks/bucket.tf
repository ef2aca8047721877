# A state names every secret that Terraform made, so it is encrypted by a key of its own.
resource "aws_kms_key" "state" {
  description             = "${local.full_name}: Terraform's state"
  deletion_window_in_days = 30
  enable_key_rotation     = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TheAccountDecides"
      Effect    = "Allow"
      Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })

  lifecycle {
    prevent_destroy = true
  }
}

module "state" {
  # checkov:skip=CKV2_AWS_62:nothing waits for events of this bucket
  source = "../../eks/bucket"

  name                   = local.full_name
  key_arn                = aws_kms_key.state.arn
  keep_old_versions_days = var.keep_old_versions_days
  force_destroy          = false
}

# A destroy goes backwards, so this refuses before anything of the bucket is touched.
resource "terraform_data" "guard" {
  depends_on = [module.state]

  lifecycle {
    prevent_destroy = true
  }
}
