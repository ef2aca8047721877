"""What a pull request and an issue say of the clouds: plans by name, what they cost, what differs from main."""
