# Who GitHub's runs are here: one repository, one of its environments for each role, no long-lived key.
locals {
  github_issuer = "token.actions.githubusercontent.com"

  # the environments' own rules say who may use them: apply waits for an approval, release is for tags alone
  github_environments = {
    plan  = "${local.cloud}-${var.environment}-plan"
    apply = "${local.cloud}-${var.environment}"
    push  = "release"
  }

  github_provider = var.github_identity_provider == null ? aws_iam_openid_connect_provider.github[0].arn : var.github_identity_provider
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.github_identity_provider == null ? 1 : 0

  url            = "https://${local.github_issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "github" {
  for_each = local.github_environments

  name = "${local.full_name}-github-${each.key}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = local.github_provider }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.github_issuer}:aud" = "sts.amazonaws.com"
          "${local.github_issuer}:sub" = "repo:${var.github_repository}:environment:${each.value}"
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "github_push" {
  name = "push-images"
  role = aws_iam_role.github["push"].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "ecr:GetAuthorizationToken", Resource = "*" }, # takes no resource
      {
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
          "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"
        ]
        Resource = [for repository in aws_ecr_repository.this : repository.arn]
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "github_plan" {
  role       = aws_iam_role.github["plan"].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/ReadOnlyAccess"
}

# A pull request's plan runs the pull request's code: it reads settings, but none of the data, and changes nothing.
resource "aws_iam_role_policy" "github_plan" {
  name = "no-data"
  role = aws_iam_role.github["plan"].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Deny", Action = "s3:GetObject*", Resource = [for arn in values(local.bucket_arns) : "${arn}/*"] },
      { Effect = "Deny", Action = ["kms:Decrypt"], Resource = [aws_kms_key.cluster.arn, aws_kms_key.data.arn] },
      { Effect = "Deny", Action = ["logs:FilterLogEvents", "logs:GetLogEvents", "secretsmanager:GetSecretValue"], Resource = "*" },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "github_apply" {
  role       = aws_iam_role.github["apply"].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/PowerUserAccess"
}

# PowerUserAccess leaves IAM out. What it gets of IAM stays with this root's own names, and who may apply is a person's to change.
resource "aws_iam_role_policy" "github_apply" {
  # checkov:skip=CKV_AWS_286:whoever applies this root makes its roles; the environment's approval is the guard
  # checkov:skip=CKV_AWS_289:the same, and roles of other names are out of reach
  name = "own-roles"
  role = aws_iam_role.github["apply"].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["iam:Get*", "iam:List*"]
        Resource = [for kind in ["oidc-provider", "role"] : "arn:${local.partition}:iam::${local.account}:${kind}/*"]
      },
      {
        Effect = "Allow"
        Action = [
          "iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:PassRole",
          "iam:PutRolePolicy", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole"
        ]
        Resource = "arn:${local.partition}:iam::${local.account}:role/${local.full_name}-*"
      },
      {
        Effect   = "Allow"
        Action   = "iam:CreateServiceLinkedRole"
        Resource = "arn:${local.partition}:iam::${local.account}:role/aws-service-role/*"
      },
      {
        Effect    = "Deny"
        NotAction = ["iam:Get*", "iam:List*"]
        Resource  = "arn:${local.partition}:iam::${local.account}:role/${local.full_name}-github-*"
      },
    ]
  })
}
