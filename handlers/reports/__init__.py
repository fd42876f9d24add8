"""What mail servers write to bounce+: failures, complaints and automatic replies as values (6.6; RFC 3464, RFC 5965).

Functions of values. No answer to any of it is ever written, so nothing here knows an address.
"""

from handlers.reports.reader import read
from handlers.reports.values import REASONS, AutoReply, Complaint, Failure

__all__ = ["REASONS", "AutoReply", "Complaint", "Failure", "read"]
