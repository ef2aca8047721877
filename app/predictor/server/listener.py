"""The listening socket, taken first: a port in use is found before anything is loaded."""

import os
import socket

from app.predictor.settings import Settings

BACKLOG = 4096
ACCEPTS_AT_ONCE = 16
SEND_BYTES = 64 * 1024  # which Linux doubles for its own needs


class PortError(OSError):
    """The address cannot be listened on."""


def listen(settings: Settings, port: int) -> socket.socket:
    """A listening socket on the settings' address.

    Raises: PortError with one line.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, port), family=family, backlog=BACKLOG)
        # of every connection: what waits in the kernel for its client is the pod's memory too, up to 4 MiB each
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
        return listener
    except OSError as error:
        # a name that does not resolve has a negative number of its own
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise PortError(f"cannot listen on {settings.host} port {port}: {reason}") from error


def multiply(listener: socket.socket) -> list[socket.socket]:
    """The listening socket ACCEPTS_AT_ONCE times, for an event loop that accepts one connection an iteration from each.

    Under load an iteration takes milliseconds: of a hundred new clients, the last would wait for a second.
    """
    return [listener, *(listener.dup() for _ in range(ACCEPTS_AT_ONCE - 1))]
