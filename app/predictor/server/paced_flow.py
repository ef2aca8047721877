"""When a connection is read from: not while what it brought waits to be parsed, nor while others are read first."""

from uvicorn.protocols.http.flow_control import FlowControl


class PacedFlow(FlowControl):
    """Reads nothing while bytes are held that are not parsed yet, nor while it yields to other connections.

    `is_holding` and `is_yielding` say which; `is_wanted` is whether it would read but for these two.
    """

    is_holding = False
    is_yielding = False
    is_wanted = True

    def pause_reading(self) -> None:
        self.is_wanted = False
        super().pause_reading()

    def resume_reading(self) -> None:
        self.is_wanted = True
        if not self.is_holding and not self.is_yielding:
            super().resume_reading()

    def start_yielding(self) -> None:
        self.is_yielding = True
        super().pause_reading()

    def end_yielding(self) -> None:
        self.is_yielding = False
        if self.is_wanted and not self.is_holding and not self._transport.is_closing():
            super().resume_reading()
