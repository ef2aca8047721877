mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  environment           = "test"
  region                = "eu-central-1"
  zones                 = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  admins                = ["arn:aws:iam::123456789012:role/admins"]
  github_repository     = "lathe-ml/lathe"
  budget_monthly        = 400
  budget_emails         = ["lathe@example.com"]
  kubernetes_namespaces = { serving = "lathe-test" }
}

override_resource {
  target          = aws_subnet.private
  values          = { id = "subnet-private" }
  override_during = plan
}

run "three_private_subnets_and_one_way_out" {
  command = plan

  assert {
    condition     = [for subnet in aws_subnet.private : subnet.cidr_block] == ["10.0.0.0/19", "10.0.32.0/19", "10.0.64.0/19"]
    error_message = "private subnets: ${jsonencode([for subnet in aws_subnet.private : subnet.cidr_block])}"
  }

  assert {
    condition     = alltrue([for subnet in merge(aws_subnet.private, aws_subnet.public, aws_subnet.database) : subnet.map_public_ip_on_launch != true])
    error_message = "a machine in a subnet gets a public address"
  }

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].subnet_ids == toset(["subnet-private"])
    error_message = "the cluster does not stand in the private subnets"
  }

  assert {
    condition     = alltrue([for group in aws_eks_node_group.this : group.subnet_ids == toset(["subnet-private"])])
    error_message = "nodes stand outside the private subnets"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.private) == 3
    error_message = "not one NAT gateway for three zones"
  }

  assert {
    condition     = length(aws_vpc_endpoint.interface) == 0
    error_message = "private endpoints beside a NAT gateway cost more than it"
  }

  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_flow_log.this.log_destination_type == "s3"
    error_message = "traffic is not logged"
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.public : try(subnet.tags["kubernetes.io/role/elb"], "") == "1"]) && alltrue([for subnet in aws_subnet.private : try(subnet.tags["kubernetes.io/role/internal-elb"], "") == "1"])
    error_message = "load balancers would not find their subnets"
  }
}

run "a_nat_gateway_in_each_zone_where_wanted" {
  command = plan

  variables {
    egress = "nat_per_zone"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 3 && alltrue([for zone, route in aws_route.private : contains(keys(aws_nat_gateway.this), zone)])
    error_message = "zones share a way out"
  }
}

run "without_egress_nothing_leads_to_the_internet" {
  command = plan

  variables {
    egress = "none"
  }

  assert {
    condition     = length(aws_nat_gateway.this) + length(aws_internet_gateway.this) + length(aws_route.private) + length(aws_route.public) + length(aws_subnet.public) == 0
    error_message = "there is a way to the internet"
  }

  assert {
    condition     = length(setsubtract(["ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "sts"], keys(aws_vpc_endpoint.interface))) == 0
    error_message = "nodes could not join: private endpoints are ${jsonencode(keys(aws_vpc_endpoint.interface))}"
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints[0].cidr_ipv4 == "10.0.0.0/16" && aws_vpc_security_group_ingress_rule.endpoints[0].from_port == 443
    error_message = "the private endpoints are not the network's alone"
  }
}
