variable "environment" {
  description = "Which environment this is."
  type        = string

  validation {
    condition     = contains(["test", "prod"], var.environment)
    error_message = "environment is \"${var.environment}\", expected test or prod."
  }
}

variable "nodes" {
  description = "How many nodes there are."
  type        = number
  default     = 2
}
