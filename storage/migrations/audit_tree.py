"""Gives a log that was written before there was a tree its tree. The entries and their chain stay as they are."""

from sqlalchemy import Connection, text

from storage.merkle import Frontier, leaf_hash

BATCH = 5_000
START = bytes(32)


def grow_tree(connection: Connection, counted: int) -> None:
    """Writes the row at the end of a log that had `counted` entries.

    A number without an entry counts as an empty one, so that `audit verify` goes on to miss it.
    """
    tree, link = Frontier(), START
    query = text("SELECT seq, entry, chain FROM audit WHERE seq > :after ORDER BY seq LIMIT :most")
    while rows := connection.execute(query, {"after": tree.size, "most": BATCH}).all():
        for row in rows:
            _skip(tree, row.seq - 1)
            tree.append(leaf_hash(row.entry.encode(errors="surrogatepass")))
        link = bytes(rows[-1].chain)
    _skip(tree, counted)
    connection.execute(
        text("INSERT INTO audit_tree (id, size, frontier, link, checkpoints) VALUES (1, :size, :frontier, :link, 0)"),
        {"size": tree.size, "frontier": bytes(tree), "link": link},
    )


def _skip(tree: Frontier, size: int) -> None:
    while tree.size < size:
        tree.append(leaf_hash(b""))
