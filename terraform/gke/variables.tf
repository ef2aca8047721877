variable "environment" {
  description = "Which environment this is: test or prod."
  type        = string

  validation {
    condition     = contains(["test", "prod"], var.environment)
    error_message = "environment is \"${var.environment}\", expected test or prod."
  }
}

variable "name" {
  description = "What every name begins with."
  type        = string
  default     = "lathe"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,13}[a-z0-9]$", var.name))
    error_message = "name is \"${var.name}\", expected 3 to 15 lower-case letters, digits and dashes, a letter first and no dash last."
  }
}

variable "region" {
  description = "The cloud's region."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.region))
    error_message = "region is \"${var.region}\", expected a region of Google Cloud such as europe-west3."
  }
}

variable "zones" {
  description = "Zones of the region that nodes run in: three in prod, two or three in test. The control plane is in three in any case."
  type        = list(string)

  validation {
    condition     = length(distinct(var.zones)) == length(var.zones) && length(var.zones) >= 2 && length(var.zones) <= 3
    error_message = "zones is ${jsonencode(var.zones)}, expected two or three different zones."
  }

  validation {
    condition     = var.environment != "prod" || length(distinct(var.zones)) == 3
    error_message = "production in ${length(distinct(var.zones))} zone(s), expected three: its pods spread over zones by force."
  }

  validation {
    condition     = alltrue([for zone in var.zones : can(regex("^${var.region}-[a-z]$", zone))])
    error_message = "zones is ${jsonencode(var.zones)}, expected zones of ${var.region}, such as ${var.region}-a."
  }
}

variable "network_cidr" {
  description = "Private addresses of the network, a /16: three private subnets of /19, three public and three database subnets of /24."
  type        = string
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrhost(var.network_cidr, 0)) && can(regex("^(10|172\\.(1[6-9]|2[0-9]|3[01])|192\\.168)\\.[0-9.]+/16$", var.network_cidr))
    error_message = "network_cidr is \"${var.network_cidr}\", expected a private network of /16, such as 10.0.0.0/16."
  }
}

variable "kubernetes_version" {
  description = "Minor version of Kubernetes."
  type        = string
  default     = "1.35"

  validation {
    # in standard support in December 2026; later versions are added here when their tests pass
    condition     = contains(["1.34", "1.35", "1.36"], var.kubernetes_version)
    error_message = "kubernetes_version is \"${var.kubernetes_version}\", expected 1.34, 1.35 or 1.36: others are in extended support at six times the price, or not tested."
  }
}

# tflint-ignore: terraform_unused_declarations # its validation is what it is there for
variable "previous_kubernetes_version" {
  description = "What the cluster runs now; null for a new cluster. `terraform output -raw kubernetes_version` prints it."
  type        = string
  default     = null

  validation {
    condition     = var.previous_kubernetes_version == null || can(regex("^1\\.[0-9]{2}$", var.previous_kubernetes_version))
    error_message = "previous_kubernetes_version is \"${coalesce(var.previous_kubernetes_version, "null")}\", expected a minor version such as 1.34, or null for a new cluster."
  }

  validation {
    condition = var.previous_kubernetes_version == null || try(contains(
      [0, 1], tonumber(split(".", var.kubernetes_version)[1]) - tonumber(split(".", var.previous_kubernetes_version)[1])
    ), true)
    error_message = "from Kubernetes ${coalesce(var.previous_kubernetes_version, "null")} to ${var.kubernetes_version}: a cluster goes up by one minor version at a time, and never back."
  }
}

variable "compute" {
  description = "nodes: node groups of this root; auto: GKE Autopilot, nodes by the pods that wait."
  type        = string
  default     = "nodes"

  validation {
    condition     = contains(["nodes", "auto"], var.compute)
    error_message = "compute is \"${var.compute}\", expected nodes or auto."
  }
}

variable "node_architecture" {
  description = "amd64 or arm64. The images must be built for it."
  type        = string
  default     = "amd64"

  validation {
    condition     = contains(["amd64", "arm64"], var.node_architecture)
    error_message = "node_architecture is \"${var.node_architecture}\", expected amd64 or arm64."
  }

  validation {
    condition     = var.compute != "auto" || var.node_architecture == "amd64"
    error_message = "node_architecture is arm64 with compute = \"auto\": Autopilot takes it from each pod (nodeSelector kubernetes.io/arch). Take compute = \"nodes\", or amd64."
  }
}

variable "training_nodes_max" {
  description = "How many spot nodes training may have at once; they start from none. With compute = auto it must be 0: a ResourceQuota says it there."
  type        = number
  default     = 2

  validation {
    condition     = var.training_nodes_max >= 0 && var.training_nodes_max <= 20 && floor(var.training_nodes_max) == var.training_nodes_max
    error_message = "training_nodes_max is ${var.training_nodes_max}, expected a whole number from 0 to 20."
  }

  validation {
    condition     = var.compute != "auto" || var.training_nodes_max == 0
    error_message = "training_nodes_max is ${var.training_nodes_max} with compute = \"auto\", expected 0: Autopilot has no node pools, a ResourceQuota of the namespace limits training."
  }
}

variable "egress" {
  description = "How private nodes reach the internet: nat_single (Cloud NAT of the region, which a zone's outage leaves standing), none (Google's services alone; every image from this registry). nat_per_zone is AWS's."
  type        = string
  default     = "nat_single"

  validation {
    condition     = contains(["nat_per_zone", "nat_single", "none"], var.egress)
    error_message = "egress is \"${var.egress}\", expected nat_per_zone, nat_single or none."
  }

  validation {
    condition     = var.egress != "nat_per_zone"
    error_message = "egress is nat_per_zone, expected nat_single: Cloud NAT belongs to the region and has no part per zone, so one survives a zone's outage."
  }
}

variable "endpoint_cidrs" {
  description = "Who may reach the API server by its address from outside the network; [] for nobody. By its name IAM lets the admins in, from anywhere."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.endpoint_cidrs : can(cidrhost(cidr, 0)) && can(regex("^[0-9.]+/[0-9]+$", cidr))])
    error_message = "endpoint_cidrs is ${jsonencode(var.endpoint_cidrs)}, expected IPv4 networks such as 203.0.113.0/24."
  }

  validation {
    # halves of the internet are the internet
    condition     = alltrue([for cidr in var.endpoint_cidrs : try(tonumber(split("/", cidr)[1]) >= 8, true)])
    error_message = "endpoint_cidrs is ${jsonencode(var.endpoint_cidrs)}: an API server open to the internet is refused, expected networks of /8 or smaller."
  }
}

variable "admins" {
  description = "Members of IAM that administer the cluster: user:, group: or serviceAccount:, then an e-mail address."
  type        = list(string)

  validation {
    condition     = alltrue([for admin in var.admins : can(regex("^(user|group|serviceAccount):[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[a-z]{2,}$", admin))])
    error_message = "admins is ${jsonencode(var.admins)}, expected members such as group:admins@example.com, and neither allUsers nor a wildcard."
  }
}

variable "deletion_protection" {
  description = "Whether a destroy is refused. To destroy: false here, apply, then destroy."
  type        = bool
  default     = true

  validation {
    condition     = var.environment != "prod" || var.deletion_protection || var.confirm_unprotected == "prod"
    error_message = "production without deletion_protection, expected true. To take production down, set confirm_unprotected = \"prod\" as well."
  }
}

variable "confirm_unprotected" {
  description = "\"prod\" where production is to lose its deletion protection."
  type        = string
  default     = ""

  validation {
    condition     = contains(["", "prod"], var.confirm_unprotected)
    error_message = "confirm_unprotected is \"${var.confirm_unprotected}\", expected \"prod\" or nothing."
  }
}

variable "database" {
  description = "Whether MLflow gets a PostgreSQL database."
  type        = bool
  default     = true
}

variable "domain" {
  description = "DNS zone and certificate for the predictor, such as lathe.example.com; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.domain == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain is \"${coalesce(var.domain, "null")}\", expected a name such as lathe.example.com, or null."
  }
}

variable "github_repository" {
  description = "The GitHub repository that plans, applies and pushes images: owner/name."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "github_repository is \"${var.github_repository}\", expected one repository as owner/name, and no wildcard."
  }
}

# tflint-ignore: terraform_unused_declarations # its validation says that Google needs none
variable "github_identity_provider" {
  description = "AWS's alone, where an account has at most one identity provider for GitHub Actions. Here each root makes its own: null."
  type        = string
  default     = null

  validation {
    condition     = var.github_identity_provider == null
    error_message = "github_identity_provider is \"${coalesce(var.github_identity_provider, "null")}\", expected null: on Google Cloud each root has a workload identity pool of its own."
  }
}

variable "budget_monthly" {
  description = "US dollars a month; e-mails go out at 80 % spent and at 100 % forecast."
  type        = number

  validation {
    condition     = var.budget_monthly > 0
    error_message = "budget_monthly is ${var.budget_monthly}, expected US dollars above 0."
  }
}

variable "budget_emails" {
  description = "Who is told of the budget."
  type        = list(string)

  validation {
    condition     = length(var.budget_emails) > 0 && alltrue([for email in var.budget_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", email))])
    error_message = "budget_emails is ${jsonencode(var.budget_emails)}, expected at least one e-mail address: an alarm that nobody gets is none."
  }
}

variable "log_retention_days" {
  description = "How long logs are kept: 90, 180, 365, 400, 545, 731, 1096 or 1827 days; a year or more in prod."
  type        = number
  default     = 365

  validation {
    condition     = contains([90, 180, 365, 400, 545, 731, 1096, 1827], var.log_retention_days)
    error_message = "log_retention_days is ${var.log_retention_days}, expected 90, 180, 365, 400, 545, 731, 1096 or 1827."
  }

  validation {
    condition     = var.environment != "prod" || var.log_retention_days >= 365
    error_message = "log_retention_days is ${var.log_retention_days} in prod, expected 365 or more."
  }
}

variable "cost_tags" {
  description = "Tags (labels) on everything, by which costs are split."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for key, value in var.cost_tags : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{1,63}$", value))
    ])
    error_message = "cost_tags is ${jsonencode(var.cost_tags)}, expected lower-case letters, digits, _ and -, which both clouds take."
  }

  validation {
    condition     = length(setintersection(keys(var.cost_tags), ["application", "environment", "managed-by"])) == 0
    error_message = "cost_tags is ${jsonencode(var.cost_tags)}: application, environment and managed-by are set by this root."
  }
}

variable "kubernetes_namespaces" {
  description = "Where the service accounts live that get an identity in the cloud: predictor and monitor in serving, mlflow and training in their own."
  type = object({
    serving  = string
    mlflow   = optional(string, "mlflow")
    training = optional(string, "training")
  })

  validation {
    condition = alltrue([
      for namespace in values(var.kubernetes_namespaces) : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", namespace))
    ])
    error_message = "kubernetes_namespaces is ${jsonencode(var.kubernetes_namespaces)}, expected names of namespaces such as lathe-test."
  }
}
