"""What runs in the cluster, and the contract that training shares with it."""
