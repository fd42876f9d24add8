"""Expected trouble of a command as one plain line with its remedy, and its exit code (protocol 8)."""

import os
import sys
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

from gateway.administration.office import Refused
from gateway.config import ConfigError
from gateway.init import InitError
from gateway.listener import CertificateError, PortError
from storage.engine import StorageTrouble
from storage.keyring import KeyTrouble

OTHER_VERSION = "`mimamori serve` brings an older one up to date, `mimamori check` tells more"


class ExtraMissing(Exception):
    """What the configuration asks for needs a package that is not installed; the message names its extra."""


def explained(command: Callable[[], int]) -> int:
    """The command's exit code; 2 for a bad configuration, 1 for trouble that has a remedy."""
    try:
        return command()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except (CertificateError, ExtraMissing, InitError, KeyTrouble, PortError, Refused, StorageTrouble) as error:
        print(f"mimamori: {error}", file=sys.stderr)
    except DBAPIError as error:
        kind = type(error.orig).__name__
        print(f"mimamori: the database is damaged or of another version ({kind}); {OTHER_VERSION}", file=sys.stderr)
    except BrokenPipeError:  # whoever read us has seen enough; nothing may be flushed into the void at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(
            f"mimamori: {error.strerror or type(error).__name__}: {error.filename or ''}".rstrip(": "), file=sys.stderr
        )
    except KeyboardInterrupt:
        return 130
    return 1
