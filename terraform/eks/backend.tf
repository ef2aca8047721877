# Whose bucket it is stands in no file of this repository: terraform init -backend-config=FILE
terraform {
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}
