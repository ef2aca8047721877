# What pods may do in AWS, by EKS Pod Identity: no key in the cluster, and no annotation on a service account.
locals {
  read_bucket  = ["s3:GetObject", "s3:GetObjectVersion"]
  write_bucket = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]

  pods = {
    predictor = {
      namespace = var.kubernetes_namespaces.serving
      buckets   = { predictions = ["s3:AbortMultipartUpload", "s3:PutObject"] }
      secrets   = []
    }
    monitor = {
      namespace = var.kubernetes_namespaces.serving
      buckets   = { bundles = local.read_bucket, predictions = local.read_bucket }
      secrets   = []
    }
    mlflow = {
      namespace = var.kubernetes_namespaces.mlflow
      buckets   = { mlflow = concat(local.write_bucket, ["s3:DeleteObject"]) }
      secrets   = flatten(aws_db_instance.mlflow[*].master_user_secret[*].secret_arn)
    }
    training = {
      namespace = var.kubernetes_namespaces.training
      buckets   = { bundles = local.write_bucket, mlflow = local.write_bucket }
      secrets   = []
    }
  }

  # names, not the buckets' resources: a bucket that drifted would make every policy "known after apply"
  bucket_arns = { for purpose in ["bundles", "logs", "mlflow", "predictions"] : purpose => "arn:${local.partition}:s3:::${local.bucket_names[purpose]}" }

  # by the session tags that Pod Identity sends: this cluster, this namespace, this service account
  pod_identity_trusts = {
    for name, pod in merge(
      { for name, pod in local.pods : name => { namespace = pod.namespace, service_account = name } },
      { for name, addon in local.addon_identities : name => { namespace = "kube-system", service_account = addon.service_account } },
      ) : name => jsonencode({
        Version = "2012-10-17"
        Statement = [{
          Effect    = "Allow"
          Principal = { Service = "pods.eks.amazonaws.com" }
          Action    = ["sts:AssumeRole", "sts:TagSession"]
          Condition = {
            StringEquals = {
              "aws:RequestTag/eks-cluster-name"           = local.full_name
              "aws:RequestTag/kubernetes-namespace"       = pod.namespace
              "aws:RequestTag/kubernetes-service-account" = pod.service_account
            }
          }
        }]
    })
  }
}

resource "aws_iam_role" "pod" {
  for_each = local.pods

  name               = "${local.full_name}-pod-${each.key}"
  assume_role_policy = local.pod_identity_trusts[each.key]
}

resource "aws_iam_role_policy" "pod" {
  for_each = local.pods

  name = each.key
  role = aws_iam_role.pod[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for bucket, actions in each.value.buckets : { Effect = "Allow", Action = actions, Resource = "${local.bucket_arns[bucket]}/*" }],
      [{ Effect = "Allow", Action = ["s3:ListBucket"], Resource = [for bucket in keys(each.value.buckets) : local.bucket_arns[bucket]] }],
      [{ Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [aws_kms_key.data.arn] }],
      [for secret in each.value.secrets : { Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = [secret] }],
    )
  })
}

resource "aws_eks_pod_identity_association" "pod" {
  for_each = local.pods

  cluster_name    = aws_eks_cluster.this.name
  namespace       = each.value.namespace
  service_account = each.key
  role_arn        = aws_iam_role.pod[each.key].arn
}
