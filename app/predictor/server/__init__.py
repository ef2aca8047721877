"""The process and its sockets: start, listen, HTTP on the wire, the fast path, the stop."""
