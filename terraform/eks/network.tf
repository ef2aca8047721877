locals {
  nat_zones = { none = [], nat_single = slice(var.zones, 0, 1), nat_per_zone = var.zones }[var.egress]

  # without a way out, what nodes and pods need of AWS comes by private endpoints: some $7 a month each and zone
  endpoint_services = var.egress == "none" ? toset([
    "autoscaling", "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticloadbalancing", "logs", "secretsmanager", "sts"
  ]) : toset([])
}

resource "aws_vpc" "this" {
  cidr_block           = var.network_cidr
  enable_dns_hostnames = true
  enable_dns_support   = true

  tags = { Name = local.full_name }
}

resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_subnet" "private" {
  for_each = { for index, zone in var.zones : zone => index }

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.network_cidr, 3, each.value)

  tags = {
    Name                              = "${local.full_name}-private-${each.key}"
    "kubernetes.io/role/internal-elb" = "1"
  }
}

# for load balancers and NAT; no node stands here
resource "aws_subnet" "public" {
  for_each = { for index, zone in var.zones : zone => index if var.egress != "none" }

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.network_cidr, 8, 128 + each.value)

  tags = {
    Name                     = "${local.full_name}-public-${each.key}"
    "kubernetes.io/role/elb" = "1"
  }
}

resource "aws_internet_gateway" "this" {
  count = var.egress == "none" ? 0 : 1

  vpc_id = aws_vpc.this.id

  tags = { Name = local.full_name }
}

resource "aws_eip" "nat" {
  for_each = toset(local.nat_zones)

  domain = "vpc"

  tags = { Name = "${local.full_name}-nat-${each.key}" }

  depends_on = [aws_internet_gateway.this]
}

resource "aws_nat_gateway" "this" {
  for_each = toset(local.nat_zones)

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id

  tags = { Name = "${local.full_name}-${each.key}" }

  depends_on = [aws_internet_gateway.this]
}

resource "aws_route_table" "private" {
  for_each = toset(var.zones)

  vpc_id = aws_vpc.this.id

  tags = { Name = "${local.full_name}-private-${each.key}" }
}

resource "aws_route" "private" {
  for_each = var.egress == "none" ? toset([]) : toset(var.zones)

  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[var.egress == "nat_single" ? var.zones[0] : each.key].id
}

resource "aws_route_table_association" "private" {
  for_each = toset(var.zones)

  route_table_id = aws_route_table.private[each.key].id
  subnet_id      = aws_subnet.private[each.key].id
}

resource "aws_route_table" "public" {
  count = var.egress == "none" ? 0 : 1

  vpc_id = aws_vpc.this.id

  tags = { Name = "${local.full_name}-public" }
}

resource "aws_route" "public" {
  count = var.egress == "none" ? 0 : 1

  route_table_id         = aws_route_table.public[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route_table_association" "public" {
  for_each = aws_subnet.public

  route_table_id = aws_route_table.public[0].id
  subnet_id      = each.value.id
}

# costs nothing, and keeps images and bundles off the NAT gateway's bill
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [for table in aws_route_table.private : table.id]

  tags = { Name = "${local.full_name}-s3" }
}

resource "aws_security_group" "endpoints" {
  count = var.egress == "none" ? 1 : 0

  name        = "${local.full_name}-endpoints"
  description = "Private endpoints of AWS"
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${local.full_name}-endpoints" }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  count = var.egress == "none" ? 1 : 0

  security_group_id = aws_security_group.endpoints[0].id
  description       = "HTTPS from the network"
  cidr_ipv4         = var.network_cidr
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_endpoint" "interface" {
  for_each = local.endpoint_services

  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = aws_security_group.endpoints[*].id

  tags = { Name = "${local.full_name}-${each.key}" }
}

resource "aws_flow_log" "this" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  log_destination_type     = "s3"
  log_destination          = module.logs.arn # a twentieth of CloudWatch's price
  max_aggregation_interval = 600

  tags = { Name = local.full_name }

  depends_on = [module.logs]
}
