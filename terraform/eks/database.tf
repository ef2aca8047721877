# MLflow's runs and registered models. Its artifacts are in the bucket.
locals {
  databases = var.database ? 1 : 0
}

# no route leads out of these
resource "aws_subnet" "database" {
  for_each = { for index, zone in var.zones : zone => index if var.database }

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.network_cidr, 8, 192 + each.value)

  tags = { Name = "${local.full_name}-database-${each.key}" }
}

resource "aws_db_subnet_group" "mlflow" {
  count = local.databases

  name       = "${local.full_name}-mlflow"
  subnet_ids = [for subnet in aws_subnet.database : subnet.id]
}

resource "aws_security_group" "database" {
  count = local.databases

  name        = "${local.full_name}-database"
  description = "MLflow's database"
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${local.full_name}-database" }
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  count = local.databases

  security_group_id            = aws_security_group.database[0].id
  description                  = "PostgreSQL from the cluster's nodes"
  referenced_security_group_id = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_db_parameter_group" "mlflow" {
  count = local.databases

  name   = "${local.full_name}-mlflow"
  family = "postgres17"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }

  parameter {
    name  = "log_statement"
    value = "ddl"
  }
}

resource "aws_cloudwatch_log_group" "database" {
  count = local.databases

  name              = "/aws/rds/instance/${local.full_name}-mlflow/postgresql"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.data.arn
}

resource "aws_iam_role" "database_monitoring" {
  count = local.databases

  name = "${local.full_name}-database-monitoring"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "monitoring.rds.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy_attachment" "database_monitoring" {
  count = local.databases

  role       = aws_iam_role.database_monitoring[0].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

resource "aws_db_instance" "mlflow" {
  # checkov:skip=CKV_AWS_157:two zones in prod; test does without, at half the price
  # checkov:skip=CKV_AWS_293:follows deletion_protection, which prod must have
  count = local.databases

  identifier     = "${local.full_name}-mlflow"
  engine         = "postgres"
  engine_version = "17" # minor versions come by themselves
  instance_class = local.production ? "db.t4g.medium" : "db.t4g.micro"
  db_name        = "mlflow"
  username       = "mlflow"

  # made, kept and rotated by AWS: no password in Terraform's state
  manage_master_user_password   = true
  master_user_secret_kms_key_id = aws_kms_key.data.arn

  storage_type          = "gp3"
  allocated_storage     = 20
  max_allocated_storage = 100
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.data.arn

  db_subnet_group_name                = aws_db_subnet_group.mlflow[0].name
  vpc_security_group_ids              = aws_security_group.database[*].id
  parameter_group_name                = aws_db_parameter_group.mlflow[0].name
  publicly_accessible                 = false
  iam_database_authentication_enabled = true

  multi_az                   = local.production
  auto_minor_version_upgrade = true
  maintenance_window         = "sun:03:00-sun:04:00"
  backup_window              = "01:00-02:00"
  backup_retention_period    = local.production ? 30 : 7
  copy_tags_to_snapshot      = true

  deletion_protection       = var.deletion_protection
  delete_automated_backups  = !local.production
  skip_final_snapshot       = !local.production
  final_snapshot_identifier = local.production ? "${local.full_name}-mlflow-last" : null

  enabled_cloudwatch_logs_exports = ["postgresql"]
  monitoring_interval             = 60
  monitoring_role_arn             = aws_iam_role.database_monitoring[0].arn
  performance_insights_enabled    = true
  performance_insights_kms_key_id = aws_kms_key.data.arn

  depends_on = [
    aws_cloudwatch_log_group.database,
    aws_iam_role_policy_attachment.database_monitoring,
  ]
}
