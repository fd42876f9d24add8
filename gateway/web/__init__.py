"""[web]: one-click unsubscribe (RFC 8058), /healthz and /metrics. Off by default; imported only where it is on.

It may not read the register but through handlers/leave.py, and no page of it tells whether somebody is registered.
"""
