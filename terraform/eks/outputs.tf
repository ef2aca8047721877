output "environment" {
  description = "Which environment this is."
  value       = var.environment
}

output "region" {
  description = "The cloud's region."
  value       = var.region
}

output "cluster_name" {
  description = "Name of the cluster."
  value       = aws_eks_cluster.this.name
}

output "kubernetes_version" {
  description = "What the cluster runs: the next upgrade's previous_kubernetes_version."
  value       = aws_eks_cluster.this.version
}

output "cluster_endpoint" {
  description = "Address of the API server."
  value       = aws_eks_cluster.this.endpoint
}

output "cluster_ca" {
  description = "Certificate of the API server's authority, base64."
  value       = aws_eks_cluster.this.certificate_authority[0].data
}

output "kubeconfig" {
  description = "The command that writes the kubeconfig."
  value       = "aws eks update-kubeconfig --region ${var.region} --name ${aws_eks_cluster.this.name}"
}

output "registry" {
  description = "Where the images are: host and path; predictor, training and monitor below it."
  value       = "${split("/", aws_ecr_repository.this["predictor"].repository_url)[0]}/${local.full_name}"
}

output "image_push_identity" {
  description = "What the release's runs on GitHub push images as."
  value       = aws_iam_role.github["push"].arn
}

output "plan_identity" {
  description = "What plans on GitHub run as."
  value       = aws_iam_role.github["plan"].arn
}

output "apply_identity" {
  description = "What applies on GitHub run as."
  value       = aws_iam_role.github["apply"].arn
}

output "training_job_identity" {
  description = "What a training job runs as."
  value       = aws_iam_role.pod["training"].arn
}

output "bundles_bucket" {
  description = "Where trained bundles are kept."
  value       = module.bundles.name
}

output "logs_bucket" {
  description = "Where the network's flow logs and the buckets' access logs are kept."
  value       = module.logs.name
}

output "mlflow_bucket" {
  description = "Where MLflow keeps artifacts."
  value       = module.mlflow.name
}

output "predictions_bucket" {
  description = "Where the prediction log is kept."
  value       = module.predictions.name
}

output "mlflow_database" {
  description = "Secret with the database's user and password; null without a database."
  value       = one(aws_db_instance.mlflow[*].master_user_secret[0].secret_arn)
}

output "mlflow_database_host" {
  description = "Host and port of the database; null without one."
  value       = one(aws_db_instance.mlflow[*].endpoint)
}

output "network" {
  description = "Id of the network, for what looks for leftovers in it."
  value       = aws_vpc.this.id
}

output "name_servers" {
  description = "What the parent zone has to delegate the domain to; empty without a domain."
  value       = flatten(aws_route53_zone.this[*].name_servers)
}

output "github_variables" {
  description = "What the workflows read: per environment of GitHub its variables."
  value = {
    "release" = {
      LATHE_COPY_TO    = aws_ecr_repository.this["predictor"].repository_url
      LATHE_ECR_ROLE   = aws_iam_role.github["push"].arn
      LATHE_ECR_HOST   = split("/", aws_ecr_repository.this["predictor"].repository_url)[0]
      LATHE_ECR_REGION = var.region
    }
    (local.github_environments.plan) = {
      LATHE_CLOUD_IDENTITY = aws_iam_role.github["plan"].arn
      LATHE_CLOUD_REGION   = var.region
    }
    (local.github_environments.apply) = {
      LATHE_CLOUD_IDENTITY = aws_iam_role.github["apply"].arn
      LATHE_CLOUD_REGION   = var.region
      LATHE_CLUSTER        = aws_eks_cluster.this.name
    }
  }
}
