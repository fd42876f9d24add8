"""[relay]: where mail goes next, how fast, and what is done when it does not (protocol 9)."""
# ruff: noqa: RUF009  `setting` is a field specifier, as dataclasses.field is

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gateway import config_places as place
from gateway import config_values as kind
from gateway.config_pace import pace as pace_kind
from gateway.declared import setting
from gateway.relay.pace import Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    smarthost: str = setting(
        "smtp://127.0.0.1:25", place.smarthost, "送信先 smtp:// smtps:// maildir: / where mail goes next"
    )
    further: tuple[str, ...] = setting(
        [],
        kind.each(place.smarthost),
        "つながらないときの次の送信先 / smarthosts to turn to when the first is out of reach",
    )
    share: bool = setting(
        False, kind.switch, "送信先に均等に分ける / spread over all smarthosts instead of one after the other"
    )
    fallback: str = setting(
        "",
        kind.empty_or(place.smarthost),
        "配信が止まったことを知らせる別経路 / second path, over which a standstill is told",
    )
    username: str = setting("", kind.text, "送信先の利用者名 / user name at the smarthost")
    password: str = setting("", kind.secret, "送信先のパスワード / password at the smarthost", secret=True)
    starttls: Literal["may", "require", "no"] = setting(
        "may", kind.one_of("may", "require", "no"), "送信時の STARTTLS / STARTTLS on the way out"
    )
    connections: int = setting(4, kind.whole(1, 1_000), "送信接続数 / connections to the smarthost, of a worker")
    workers: int = setting(
        0, kind.whole(0, 64), "送信プロセス数(0 は CPU の数) / worker processes; 0: one for each processor"
    )
    dkim_selector: str = setting("", place.selector, "DKIM セレクタ / DKIM selector of ours")
    dkim_key: Path | None = setting("", kind.optional(kind.path), "DKIM 秘密鍵 / DKIM private key, PEM")
    dkim_ed25519_selector: str = setting(
        "", place.selector, "同、Ed25519 の二つ目の署名 / selector of a second signature"
    )
    dkim_ed25519_key: Path | None = setting("", kind.optional(kind.path), "同、秘密鍵 / its private key, Ed25519, PEM")
    unquoted_domains: tuple[str, ...] = setting(
        [], kind.each(place.domain), '点の重なる宛先を "" で囲まないドメイン / domains that want stray dots unquoted'
    )
    pace: tuple[Pace, ...] = setting(
        [], kind.each(pace_kind), '宛先ごとの速さ "docomo" "au" "example.jp 20/s 4x100" / pace for destination domains'
    )
    rate: int = setting(0, kind.whole(0, 1_000_000), "毎秒の上限通数(0 は無制限) / copies a second in all; 0: no limit")
    copies_per_connection: int = setting(
        0, kind.whole(0, 1_000_000), "一接続の上限通数(0 は無制限) / copies over one connection; 0: no limit"
    )
    retry_first_seconds: int = setting(30, kind.whole(1, 86_400), "最初の再送まで / until the first retry")
    retry_most_seconds: int = setting(1_800, kind.whole(1, 86_400), "再送間隔の上限 / longest wait between retries")
    timeout_seconds: int = setting(60, kind.whole(1, 3_600), "応答を待つ時間 / how long an answer is waited for")
    canary_letters: Literal["alerts", "daily"] = setting(
        "alerts", kind.one_of("alerts", "daily"), "到達確認を送る時 / when the [[canaries]] get letters"
    )
    canary_slow_minutes: int = setting(
        10, kind.whole(1, 1_440), "これより遅い携帯会社を知らせる / a carrier that usually takes longer is told of"
    )
