"""The shell: sockets, names, clocks, keys at start and processes. It asks handlers; it decides nothing."""
