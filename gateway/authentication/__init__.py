"""Who wrote an alert: from the raw octets to a proven author, one small step a file (protocol 5.1).

`pipeline.prove` is the only way in. Each refusal has a name in `causes`, which goes to the audit and to nobody else.
"""
