"""Room for a bounded number of things, shared by clients; who is waited for gives way to who comes."""

from collections import Counter
from collections.abc import Callable
from time import monotonic

PATIENCE_SECONDS = 2.0  # so long nobody gives way to a client that holds no less


class Claim:
    """A part of the room, until it is released.

    `give_way` ends what the claim is for; it is set only while that waits for its client, `since` says from when.
    """

    __slots__ = ("client", "give_way", "since", "size")

    def __init__(self, client: str, size: int, since: float, give_way: Callable[[], None] | None) -> None:
        self.client = client
        self.size = size
        self.since = since
        self.give_way = give_way


class Room:
    """Claims of all clients together never exceed the capacity. For one thread.

    Where there is no room, those who are waited for give way, the one that waits longest first: for a client that
    would hold less than they do, at once; for any other, once they have been waited for two seconds. So neither a
    client that holds back what it announced nor many of them together can shut others out.
    """

    def __init__(self, capacity: int, clock: Callable[[], float] = monotonic) -> None:
        self.capacity = capacity
        self.used = 0
        self._clock = clock
        self._claims: dict[Claim, None] = {}  # in the order in which they were made
        self._held = Counter[str]()  # by each client

    def claim(
        self, client: str, size: int, give_way: Callable[[], None] | None = None, *, shares: bool = True
    ) -> Claim | None:
        """None if there is no room; `shares` says whether a client that holds more gives way at once."""
        if self.used + size > self.capacity and not self._find_room(client, size, shares=shares):
            return None
        claim = Claim(client, size, self._clock(), give_way)
        self._claims[claim] = None
        self._count(client, size)
        return claim

    def grow(self, claim: Claim, size: int) -> bool:
        """Whether there was room for so much more; nothing changes for a claim that has given way."""
        if claim not in self._claims:
            return False
        if self.used + size > self.capacity and not self._find_room(claim.client, size, claim):
            return False
        claim.size += size
        self._count(claim.client, size)
        return True

    def holds(self, claim: Claim) -> bool:
        """Whether the claim was neither released nor has it given way."""
        return claim in self._claims

    def release(self, claim: Claim) -> None:
        """Once or more often."""
        if claim in self._claims:
            del self._claims[claim]
            self._count(claim.client, -claim.size)
            claim.give_way = None

    def _count(self, client: str, size: int) -> None:
        self.used += size
        self._held[client] += size
        if not self._held[client]:
            del self._held[client]

    def _find_room(self, client: str, size: int, own: Claim | None = None, *, shares: bool = True) -> bool:
        """Whether enough gave way; nobody does in vain.

        Called for each of thousands of connections that one client may open, so what cannot give way is not looked at.
        """
        chosen, available = [], self.capacity - self.used
        held = self._held.copy()
        own_size = held[client] + size
        shares = shares and any(total > own_size for other, total in held.items() if other != client)
        before = self._clock() - PATIENCE_SECONDS
        for claim in self._claims:
            if available >= size or not (shares or claim.since <= before):
                break
            if claim.give_way is None or claim is own:
                continue
            is_greedy = shares and claim.client != client and held[claim.client] > own_size
            if is_greedy or claim.since <= before:
                chosen.append(claim)
                held[claim.client] -= claim.size
                available += claim.size
        if available < size:
            return False
        for claim in chosen:
            give_way = claim.give_way
            self.release(claim)
            if give_way is not None:
                give_way()
        return True
