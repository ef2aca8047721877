"""`train-job`: the training image, unchanged, as a custom job of Vertex AI or as a Job on EKS's training nodes."""
