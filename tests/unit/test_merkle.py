"""The Merkle tree (RFC 6962 and 9162, section 2.1): against its definition, and no proof but the right one passes."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.merkle import (
    EMPTY,
    Frontier,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    prove,
    root,
    verify_consistency,
    verify_inclusion,
)

MOST = 70
LEAVES = [leaf_hash(b"%d" % number) for number in range(MOST)]
# The inputs and roots that Certificate Transparency's first implementation was tested with (RFC 6962's own authors).
KNOWN_INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
KNOWN_ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def defined(leaves: list[bytes]) -> bytes:
    """MTH as RFC 9162, 2.1.1 defines it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = max(1 << bit for bit in range(len(leaves).bit_length()) if 1 << bit < len(leaves))
    return node_hash(defined(leaves[:split]), defined(leaves[split:]))


def subroot(low: int, high: int) -> bytes:
    return defined(LEAVES[low:high])


def inclusion(index: int, size: int) -> tuple[bytes, ...]:
    return prove(inclusion_ranges(index, size), subroot)


def consistency(old: int, new: int) -> tuple[bytes, ...]:
    return prove(consistency_ranges(old, new), subroot)


ROOTS = [defined(LEAVES[:size]) for size in range(MOST + 1)]


def test_roots_are_those_of_others() -> None:
    leaves = [leaf_hash(bytes.fromhex(each)) for each in KNOWN_INPUTS]
    assert tuple(root(leaves[:size]).hex() for size in range(1, 9)) == KNOWN_ROOTS


def test_a_growing_tree_has_the_defined_root_at_every_size_and_can_be_put_away_and_taken_up() -> None:
    tree = Frontier()
    assert tree.root() == EMPTY == ROOTS[0]
    for size, leaf in enumerate(LEAVES, start=1):
        tree.append(leaf)
        assert tree.root() == ROOTS[size]
        taken_up = Frontier.parse(size, bytes(tree))
        assert taken_up is not None
        assert len(taken_up.nodes) == size.bit_count()
        tree = taken_up


@pytest.mark.parametrize(("size", "octets"), [(-1, b""), (0, bytes(32)), (3, bytes(32)), (3, bytes(65)), (4, b"")])
def test_what_cannot_be_a_frontier_of_that_size_is_none(size: int, octets: bytes) -> None:
    assert Frontier.parse(size, octets) is None


def test_every_leaf_is_proven_in_every_tree_and_no_other_leaf_place_or_size_is() -> None:
    for size in range(1, 20):
        for index in range(size):
            proof = inclusion(index, size)
            assert verify_inclusion(index, size, LEAVES[index], proof, ROOTS[size])
            wrong = [
                (index + 1, size, LEAVES[index], proof, ROOTS[size]),
                (index - 1, size, LEAVES[index], proof, ROOTS[size]),
                (index, size, LEAVES[index + 1], proof, ROOTS[size]),
                (index, size, LEAVES[index], proof, ROOTS[size + 1]),
                (index, size, LEAVES[index], (*proof, ROOTS[size]), ROOTS[size]),
                (index, size, LEAVES[index], (ROOTS[size], *proof), ROOTS[size]),
                (index, size, b"", proof, ROOTS[size]),
                (index, size, LEAVES[index], proof, b""),
                (size, size, LEAVES[index], proof, ROOTS[size]),
                (index, 0, LEAVES[index], (), ROOTS[size]),
                (index, -1, LEAVES[index], (), ROOTS[size]),
            ]
            wrong += [
                (index, size, LEAVES[index], proof[:at] + proof[at + 1 :], ROOTS[size]) for at in range(len(proof))
            ]
            assert not any(verify_inclusion(*each) for each in wrong)


def test_every_tree_is_proven_to_begin_with_every_older_one_and_no_other_is() -> None:
    for new in range(1, 20):
        for old in range(1, new + 1):
            proof = consistency(old, new)
            assert verify_consistency(old, new, ROOTS[old], ROOTS[new], proof)
            wrong = [
                (new + 1, new, ROOTS[old], ROOTS[new], proof),
                (0, new, EMPTY, ROOTS[new], proof),
                (0, new, EMPTY, ROOTS[new], ()),
                (-1, -1, ROOTS[old], ROOTS[old], ()),
                (old, new, ROOTS[old + 1], ROOTS[new], proof),
                (old, new, ROOTS[old], ROOTS[new + 1], proof),
                (old, new, b"", ROOTS[new], proof),
                (old, new, ROOTS[old], ROOTS[new], (*proof, ROOTS[new])),
                (old, new, ROOTS[old], ROOTS[new], (ROOTS[new], *proof)),
                (old, new, ROOTS[old], ROOTS[new], (*proof, b"")),
            ]
            wrong += [(old, new, ROOTS[old], ROOTS[new], proof[:at] + proof[at + 1 :]) for at in range(len(proof))]
            if old < new:
                wrong.append((old, new, ROOTS[new], ROOTS[old], proof))
            assert not any(verify_consistency(*each) for each in wrong)


def test_two_empty_trees_are_the_same_tree() -> None:
    assert verify_consistency(0, 0, EMPTY, EMPTY, ())
    assert not verify_consistency(0, 0, EMPTY, ROOTS[1], ())


def test_nodes_of_odd_lengths_that_hash_alike_prove_nothing() -> None:
    """The hash of two nodes does not show where one ends."""
    proof = list(consistency(3, 4))
    assert verify_consistency(3, 4, ROOTS[3], ROOTS[4], proof)
    first, second = proof[:2]
    moved = [first + second[:1], second[1:], *proof[2:]]
    assert not verify_consistency(3, 4, ROOTS[3], ROOTS[4], moved)


@given(st.data())
def test_no_octet_of_a_proof_can_be_changed(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, MOST))
    index = data.draw(st.integers(0, size - 1))
    proof = list(inclusion(index, size))
    at, place = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 31))
    octets = bytearray(proof[at])
    octets[place] ^= data.draw(st.integers(1, 255))
    proof[at] = bytes(octets)
    assert not verify_inclusion(index, size, LEAVES[index], proof, ROOTS[size])


@given(st.integers(1, 2**63), st.integers(0, 2**63))
def test_the_proofs_of_huge_trees_are_as_long_as_the_tree_is_high(size: int, place: int) -> None:
    index = place % size
    ranges = inclusion_ranges(index, size)
    assert len(ranges) <= size.bit_length()
    assert sum(high - low for low, high in ranges) == size - 1
    older = consistency_ranges(index + 1, size)
    assert len(older) <= size.bit_length() + 1


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1)])
def test_a_leaf_that_is_not_there_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion_ranges(index, size)


@pytest.mark.parametrize(("old", "new"), [(0, 1), (2, 1), (0, 0), (-1, 1)])
def test_a_tree_that_is_empty_or_larger_has_no_proof(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="older tree"):
        consistency_ranges(old, new)
