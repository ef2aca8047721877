variable "name" {
  description = "What every name begins with, as in the root of the cluster."
  type        = string
  default     = "lathe"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,13}[a-z0-9]$", var.name))
    error_message = "name is \"${var.name}\", expected 3 to 15 lower-case letters, digits and dashes, a letter first and no dash last."
  }
}

variable "region" {
  description = "Where the state is kept: the cluster's region."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is \"${var.region}\", expected a region of AWS such as eu-central-1."
  }
}

variable "keep_old_versions_days" {
  description = "Days for which an earlier state can be had back."
  type        = number
  default     = 365

  validation {
    condition     = var.keep_old_versions_days >= 30 && floor(var.keep_old_versions_days) == var.keep_old_versions_days
    error_message = "keep_old_versions_days is ${var.keep_old_versions_days}, expected 30 days or more."
  }
}
