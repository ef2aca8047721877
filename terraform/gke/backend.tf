# Whose bucket it is stands in no file of this repository: terraform init -backend-config=FILE. The backend locks by itself.
terraform {
  backend "gcs" {
  }
}
