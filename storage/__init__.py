"""The ground: what is kept, sealed, queued and audited. Imports nothing of the rooms above."""
