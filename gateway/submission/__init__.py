"""The optional submission listener (protocol 7.2): a password before staff commands, never instead of a signature."""
