"""Makes five minutes three seconds, in a server that a test starts with this folder in PYTHONPATH."""

import sys
from datetime import timedelta

if any("gateway.cli" in word or word == "serve" for word in sys.orig_argv):
    from gateway.rounds import stalls

    stalls.PATIENCE = timedelta(seconds=3)
