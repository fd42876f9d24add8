"""The end of a fiscal year: what is due, the steps that destroy it, the paper that proves it (protocol 3.9, 3.10)."""
