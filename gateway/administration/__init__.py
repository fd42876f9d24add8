"""What administrators change while the gateway runs: actions, and the door through which commands ask for them."""
