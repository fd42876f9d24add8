"""The audit log before outsiders: signed notes, checkpoints, mirrors, exports and proofs (protocol 8.3)."""
