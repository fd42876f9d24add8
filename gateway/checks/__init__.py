"""What `mimamori check` looks at, one file a subject (protocol 8 and 9).

A check looks and tells; it repairs nothing, writes nothing, and shows neither an address nor a secret.
"""
