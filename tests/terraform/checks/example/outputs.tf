output "cluster" {
  description = "What the cluster is called."
  value       = terraform_data.cluster.output
}
