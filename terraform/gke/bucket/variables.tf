variable "name" {
  description = "Name of the bucket, the only one on earth."
  type        = string
}

variable "region" {
  description = "Where it is."
  type        = string
}

variable "key" {
  description = "Id of the key that encrypts it."
  type        = string
}

variable "labels" {
  description = "Labels of the bucket."
  type        = map(string)
}

variable "access_log_bucket" {
  description = "Where its access logs go; null for none."
  type        = string
  default     = null
}

variable "expire_days" {
  description = "Days after which an object is deleted; null for never."
  type        = number
  default     = null
}

variable "keep_old_versions_days" {
  description = "Days for which what was replaced or deleted is kept."
  type        = number
}

variable "force_destroy" {
  description = "Whether a destroy takes the objects, too."
  type        = bool
}
