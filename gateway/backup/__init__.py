"""A copy of the register that can be put back, without any key; and what is mended when it is (protocol 8.6)."""
