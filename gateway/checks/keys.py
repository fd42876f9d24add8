"""The keys: files that only their owner may read, opened by the KEK, and kept apart from the database (protocol 9)."""

from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

from sqlalchemy import make_url

from gateway.checks.finding import Finding, failure, ok, trouble, warning
from gateway.checks.permissions import exposed
from gateway.settings import Settings
from storage import token_uri
from storage.keyring import Keyring, KeyTrouble, read_kek

NAME = "keys"
TOP_LEVEL = 2  # parts of a path such as /srv, which is nobody's one tree


def look(settings: Settings, now: datetime) -> Iterator[Finding]:
    directory = settings.keys.directory
    if directory.is_symlink() or not directory.is_dir():
        yield failure(
            NAME,
            f"{directory} は鍵のフォルダではありません / no folder of keys, or a link to one",
            "本物のフォルダを金庫の写しから戻す / put the folder itself back, from your safe",
        )
        return
    yield from exposed(NAME, directory)
    yield from _opened(settings)
    yield from _source(settings)
    yield from _apart(settings)


def _opened(settings: Settings) -> Iterator[Finding]:
    keyring = Keyring(settings.keys.directory, settings.keys.kek)
    try:
        read_kek(settings.keys.kek)
    except KeyTrouble as error:
        yield trouble(NAME, "KEK が使えません", error)
        return
    failed = False
    for name in ("root", *map(str, keyring.years())):
        try:
            keyring.own("check", b"") if name == "root" else keyring.year(int(name))
        except KeyTrouble as error:
            failed = True
            yield trouble(NAME, "鍵が使えません", error)
    if not failed:
        years = ", ".join(map(str, keyring.years())) or "-"
        yield ok(NAME, f"KEK で鍵が開きます(年度 {years}) / the KEK opens the keys of {years}")


def _source(settings: Settings) -> Iterator[Finding]:
    if settings.keys.kek.startswith("env:"):
        yield warning(
            NAME,
            "KEK が環境変数にあり、漏れやすい状態です / the KEK is in the environment, from where it leaks easily",
            'kek = "credential:NAME" か "file:…" に / use a credential of systemd, or a file',
        )

    if settings.keys.kek.startswith(token_uri.SCHEME) and _may_leave(settings.keys.kek):
        yield warning(
            NAME,
            "KEK がトークンから取り出せる設定です / the token would give the KEK out",
            "keys rewrap --to 設定中の URI で新しい KEK に"
            " / keys rewrap --to the configured URI makes one that stays in it",
        )


def _may_leave(source: str) -> bool:
    try:
        return token_uri.place(source).exportable()
    except KeyTrouble:
        return False  # said above


def _apart(settings: Settings) -> Iterator[Finding]:
    """Whoever copies one folder must not have KEK, year keys and database together."""
    tree = shared_tree(settings)
    if tree is None:
        yield ok(NAME, "KEK・年度鍵・データベースは別の場所です / KEK, year keys and database lie apart")
        return
    message = f"KEK・年度鍵・データベースが同じ {tree} の下にあります / KEK, year keys and database share one tree"
    remedy = "kek を別の場所へ移し、[keys] kek に書く / move kek elsewhere and name the place in [keys] kek"
    yield (warning if on_loopback(settings.listener.host) else failure)(NAME, message, remedy)


def shared_tree(settings: Settings) -> Path | None:
    """The folder that holds KEK, year keys and database together, or None where they lie apart."""
    url = make_url(settings.storage.url)
    kind, _, name = settings.keys.kek.partition(":")
    if kind != "file" or url.get_backend_name() != "sqlite" or not url.database:
        return None
    folders = [Path(name).resolve().parent, settings.keys.directory.resolve(), Path(url.database).resolve().parent]
    # A tree is what somebody backs up in one go: our home folder, that of the keys, or one of the three itself.
    homes = [settings.path.resolve().parent, folders[1].parent, *folders]
    trees = (home for home in homes if len(home.parts) > TOP_LEVEL)
    return next((tree for tree in trees if all(folder.is_relative_to(tree) for folder in folders)), None)


def on_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
