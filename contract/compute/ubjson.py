"""Whether bytes are whole UBJSON: XGBoost's own reader believes every length, and a wrong one ends the process."""

import numpy as np

from contract.bundle import MODEL_NAME
from contract.compute.trees import may_be_parents
from contract.errors import BundleError

MAX_DEPTH = 64  # XGBoost writes 8, and reads each level deeper into its stack
_LENGTH_BYTES = 9  # L and eight bytes, big-endian: XGBoost writes no other
_NUMBER_BYTES = {b"i": 1, b"U": 1, b"I": 2, b"l": 4, b"L": 8, b"d": 4, b"D": 8}
_PARENTS = b"[$l#L"  # how their array begins: whole numbers of four bytes, as many as the next eight say
_CONSTANTS = (b"Z", b"T", b"F")


def check_ubjson(content: bytes) -> None:
    """Whether `content` is one object as XGBoost writes it: every length within it, every text UTF-8, nothing behind.

    Raises: BundleError with the byte at which it is not.
    """
    end = _Walk(content).pass_value(0, 0)
    if end != len(content):
        raise _refuse(end, f"{len(content) - end} bytes follow its end")


def _refuse(position: int, problem: str) -> BundleError:
    return BundleError(f"{MODEL_NAME} is damaged at byte {position}: {problem}; package it again")


class _Walk:
    """Each method takes the place where something begins and gives that behind it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def pass_value(self, position: int, depth: int) -> int:
        kind = self._content[position : position + 1]
        if size := _NUMBER_BYTES.get(kind):
            return self._pass_bytes(position + 1, size)
        if kind in _CONSTANTS:
            return position + 1
        if kind == b"S":
            return self._pass_text(position + 1)
        if kind not in (b"{", b"["):
            raise _refuse(position, "no value begins there" if kind else "it ends too soon")
        if depth == MAX_DEPTH:
            raise _refuse(position, f"it is nested deeper than {MAX_DEPTH} levels")
        pass_parts = self._pass_object if kind == b"{" else self._pass_array
        return pass_parts(position + 1, depth + 1)

    def _pass_object(self, position: int, depth: int) -> int:
        names: set[bytes] = set()
        while self._content[position : position + 1] != b"}":
            end = self._pass_text(position)
            name = self._content[position + _LENGTH_BYTES : end]
            if name in names:
                raise _refuse(position, "a name stands twice")
            names.add(name)
            position = self.pass_value(end, depth)
            if name == b"parents" and not self._may_be_parents(end, position):
                raise _refuse(end, "the parent of a node is none of its tree's nodes")
        return position + 1

    def _may_be_parents(self, begin: int, end: int) -> bool:
        """XGBoost follows the parents while it reads, so they are looked at before it does."""
        data = self._content[begin + len(_PARENTS) + 8 : end]
        is_array = self._content.startswith(_PARENTS, begin) and len(data) % 4 == 0
        return is_array and may_be_parents(np.frombuffer(data, ">i4"))

    def _pass_array(self, position: int, depth: int) -> int:
        mark = self._content[position : position + 1]
        if mark == b"$":
            size = _NUMBER_BYTES.get(self._content[position + 1 : position + 2])
            if size is None or self._content[position + 2 : position + 3] != b"#":
                raise _refuse(position, "an array is of no known type of numbers")
            count, begin = self._read_length(position + 3)
            return self._pass_bytes(begin, count * size)
        if mark == b"#":
            count, position = self._read_length(position + 1)
            for _ in range(count):  # each value takes a byte at least, so it ends within the content
                position = self.pass_value(position, depth)
            return position
        while self._content[position : position + 1] != b"]":
            position = self.pass_value(position, depth)
        return position + 1

    def _pass_text(self, position: int) -> int:
        size, begin = self._read_length(position)
        end = self._pass_bytes(begin, size)
        try:
            self._content[begin:end].decode()
        except UnicodeDecodeError:
            raise _refuse(begin, "a text is not UTF-8") from None
        return end

    def _read_length(self, position: int) -> tuple[int, int]:
        """The length, and the place behind it."""
        begin = self._pass_bytes(position, _LENGTH_BYTES)
        length = int.from_bytes(self._content[position + 1 : begin], signed=True)
        if self._content[position] != ord("L") or length < 0:
            raise _refuse(position, "no length stands there")
        return length, begin

    def _pass_bytes(self, position: int, size: int) -> int:
        if size > len(self._content) - position:
            raise _refuse(position, f"it says that {size} bytes follow, and has {len(self._content) - position}")
        return position + size
