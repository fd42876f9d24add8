"""The Merkle tree of RFC 6962 and RFC 9162, section 2.1: roots, and proofs made and checked. Functions of values.

A tree that only grows is known by its `Frontier`: the roots of the full trees of which it is made, one for each bit
of its size. It is all that the next leaf needs, whatever the size (protocol 8.3).
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

OCTETS = 32
EMPTY = hashlib.sha256(b"").digest()

Range = tuple[int, int]  # the leaves from the first number up to, not including, the second


class Frontier:
    """A growing tree, without its leaves."""

    __slots__ = ("nodes", "size")

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.nodes = list(nodes)  # the largest tree first

    @classmethod
    def parse(cls, size: int, octets: bytes) -> "Frontier | None":
        """The frontier that `bytes` wrote, or None where it cannot be one of this size."""
        if size < 0 or len(octets) != size.bit_count() * OCTETS:
            return None
        return cls(size, (octets[at : at + OCTETS] for at in range(0, len(octets), OCTETS)))

    def __bytes__(self) -> bytes:
        return b"".join(self.nodes)

    def append(self, leaf: bytes) -> None:
        size = self.size
        while size & 1:
            leaf = node_hash(self.nodes.pop(), leaf)
            size >>= 1
        self.nodes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self.nodes:
            return EMPTY
        found = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            found = node_hash(node, found)
        return found


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over hashes of leaves."""
    tree = Frontier()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


# --- proofs -------------------------------------------------------------------------------------


def inclusion_ranges(index: int, size: int) -> tuple[Range, ...]:
    """The subtrees whose roots prove that leaf `index` is in the tree, in the order of the proof."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of this size")
    found: list[Range] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            found.append((middle, high))
            high = middle
        else:
            found.append((low, middle))
            low = middle
    return tuple(reversed(found))


def consistency_ranges(old: int, new: int) -> tuple[Range, ...]:
    """The subtrees whose roots prove that the tree of `new` leaves begins with that of `old`, in that order."""
    if not 0 < old <= new:
        raise ValueError("the older tree must have a leaf, and not be larger than the newer one")
    found: list[Range] = []
    low, high = 0, new
    while old < high:
        middle = low + _split(high - low)
        if old <= middle:
            found.append((middle, high))
            high = middle
        else:
            found.append((low, middle))
            low = middle
    if low:  # RFC 9162, 2.1.4.1  else it is the old root itself, which the reader has
        found.append((low, high))
    return tuple(reversed(found))


def prove(ranges: Sequence[Range], subroot: Callable[[int, int], bytes]) -> tuple[bytes, ...]:
    """A proof from the roots of its subtrees."""
    return tuple(subroot(low, high) for low, high in ranges)


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], expected: bytes) -> bool:
    """Whether the proof leads from the leaf to the expected root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not _all_hashes((leaf, expected, *proof)):
        return False
    if len(proof) != len(inclusion_ranges(index, size)):
        return False
    place, last, found = index, size - 1, leaf
    for node in proof:
        if place & 1 or place == last:
            found = node_hash(node, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, node)
        place, last = place >> 1, last >> 1
    return last == 0 and found == expected


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof leads to both roots (RFC 9162, 2.1.4.2). About the empty tree nothing can be proven."""
    if old == new:
        return old >= 0 and not proof and old_root == new_root
    if not 0 < old < new or not proof or not _all_hashes((old_root, new_root, *proof)):
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for node in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(node, before), node_hash(node, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, node)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


def _split(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << ((size - 1).bit_length() - 1)


def _all_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == OCTETS for value in values)
