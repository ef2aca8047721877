"""HTTP above the socket: bodies, headers, errors, request ids."""
