"""Every action by the words of its command. An action is a plain function; it runs in a thread of its own."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.administration import alerts, asking, audit, backups, keys, moves, staff, subscribers, years
from gateway.administration.office import Office, Tell

Answer = dict[str, Any]  # JSON
Action = Callable[[Office, Mapping[str, Any], Tell], Answer]

ACTIONS: dict[str, Action] = {
    "audit checkpoint": audit.checkpoint,
    "backup made": backups.made,
    "districts begin": moves.begin,
    "districts carry": moves.carry,
    "districts take": moves.take_list,
    "subscribers forget": subscribers.forget,
    "alerts stop": alerts.stop,
    "alerts who": asking.who,
    "keys escrow": keys.escrowed,
    "keys new": keys.new,
    "keys rewrap": keys.rewrap,
    "keys rotate": keys.rotate,
    "staff add": staff.add,
    "staff remove": staff.remove,
    "year end": years.end,
}
