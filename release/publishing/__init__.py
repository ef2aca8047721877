"""From a tag and its approved bundle to a signed image in the registry."""
