"""Every setting, declared once: its name, its kind with bounds, its default and its comment (protocol 9).

The loader (config.py) and the example file (example.py) are both made from these declarations. Nothing is read here.
"""
# ruff: noqa: RUF009  `setting` is a field specifier, as dataclasses.field is

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from gateway import config_places as place
from gateway import config_values as kind
from gateway.config_mirrors import Mirror, mirror
from gateway.config_places import Endpoint, Network
from gateway.declared import REQUIRED, setting
from gateway.relay_settings import RelaySettings
from handlers.town import Language, Release, Town
from storage.records import Address

LOOPBACK = ("127.0.0.1/32", "::1/128")
HASTE_CHECKS = ("time", "place", "action", "telephone", "address", "name", "house-number", "age")  # 5.10


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    domain: str = setting(REQUIRED, place.domain, "受付用ドメイン / the domain whose mail comes here")
    organisation: str = setting(REQUIRED, kind.filled, "運営組織名(差出人名になる) / who runs it; the name in From")
    contact: str = setting("", kind.text, "問い合わせ先(電話など) / where people can ask, as a telephone number")
    admin: Address | None = setting(
        "", kind.optional(place.address), "管理者の宛先(別ドメイン) / the administrator's address, at another domain"
    )
    timezone: ZoneInfo = setting("Asia/Tokyo", kind.timezone, "時間帯 / time zone")
    language: Language = setting("ja", kind.one_of("ja", "en"), "既定の言語 / language where the mail shows none")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSettings:
    host: str = setting("127.0.0.1", place.host, "待ち受けアドレス / address to listen on")
    port: int = setting(8025, kind.whole(0, 65535), "待ち受けポート(0 は自動) / port; 0: any free one")
    tls_certificate: Path | None = setting("", kind.optional(kind.path), "TLS 証明書 / TLS certificate chain, PEM")
    tls_key: Path | None = setting("", kind.optional(kind.path), "TLS 秘密鍵 / TLS private key, PEM")
    require_tls: Literal["no", "staff", "all"] = setting(
        "no", kind.one_of("no", "staff", "all"), "暗号化を必須にする相手 / who must use TLS"
    )
    proxy_protocol_from: tuple[Network, ...] = setting(
        [], kind.each(place.network), "PROXY プロトコルを許すネットワーク / networks that speak the PROXY protocol"
    )
    trusted_relays: tuple[Network, ...] = setting(
        [], kind.each(place.network), "自組織の中継サーバ(網別制限の対象外) / our own front mail servers"
    )
    submission_host: str = setting("127.0.0.1", place.host, "投稿用アドレス / address for submission")
    submission_port: int = setting(0, kind.whole(0, 65535), "投稿用ポート(0 は無効) / port for submission; 0: off")
    submission_tls: Literal["implicit", "starttls"] = setting(
        "implicit",
        kind.one_of("implicit", "starttls"),
        "投稿の暗号化(465 は implicit、587 は starttls) / TLS of submission: 465 implicit, 587 starttls",
    )


def _most(default: int, most: int, doc: str, least: int = 1) -> Any:
    return setting(default, kind.whole(least, most), doc)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsSettings:
    message_octets: int = _most(1_048_576, 104_857_600, "メールの大きさ / size of a mail", 10_000)
    line_octets: int = _most(8_000, 1_000_000, "本文一行の長さ / length of a line of text", 1_000)
    header_octets: int = _most(65_536, 1_048_576, "ヘッダ全体 / the header as a whole", 1_000)
    header_fields: int = _most(200, 10_000, "ヘッダの数 / fields in the header", 10)
    header_field_octets: int = _most(8_192, 1_048_576, "ヘッダ一つ / one field of the header", 998)
    mime_depth: int = _most(8, 50, "MIME の深さ / nesting of MIME parts")
    mime_parts: int = _most(30, 1_000, "MIME パート数 / MIME parts")
    commands_per_connection: int = _most(100, 100_000, "一接続の命令数 / commands in a connection", 10)
    mails_per_connection: int = _most(50, 10_000, "一接続のメール数 / mails in a connection")
    connections: int = _most(1_000, 100_000, "同時接続数 / connections at a time")
    idle_seconds: int = _most(300, 3_600, "無通信で切るまで / silence until we hang up")
    data_seconds: int = _most(600, 3_600, "DATA を終えるまで / time for one DATA")
    letters_per_address_a_day: int = _most(4, 100, "未証明の宛先への返信 / letters to an address that nothing proves")
    letters_per_network_an_hour: int = _most(20, 1_000_000, "同、網ごと / the same, per network")
    letters_per_domain_an_hour: int = _most(500, 1_000_000, "同、ドメインごと / the same, per domain")
    letters_an_hour: int = _most(5_000, 10_000_000, "同、全体 / the same, in all")
    alerts_per_author_an_hour: int = _most(30, 10_000, "職員一人の配信数 / alerts of one author")
    passed_on_a_day: int = _most(50, 10_000, "管理者への転送 / mails passed on to the administrator")
    probes_per_address_a_day: int = _most(4, 1_000, "職員の自己診断 / self-tests of a member of staff")
    pending_per_address: int = _most(4, 100, "確認待ちの数 / requests open for an address")
    web_requests_per_network_a_minute: int = _most(60, 1_000_000, "一つの網からの閲覧 / web requests, per network")
    answer_floor_milliseconds: int = _most(
        20, 10_000, "一般への応答までの最短時間 / least time to answer the public", 0
    )
    refusal_floor_milliseconds: int = _most(1_000, 10_000, "拒否までの最短時間 / least time to an alert's refusal", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    url: str = setting("sqlite:///var/mimamori.db", place.database, "データベース / database", secret=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysSettings:
    directory: Path = setting("keys", kind.path, "年度鍵の場所 / folder of the years' keys")
    kek: str = setting("file:keys/kek", place.kek, "鍵暗号化鍵 / the key that wraps them")


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsSettings:
    nameservers: tuple[str, ...] = setting(
        [], kind.each(place.nameserver), "DNS サーバ([] は OS の設定) / name servers; []: the system's"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationSettings:
    confirm: Literal["always", "unproven"] = setting(
        "always", kind.one_of("always", "unproven"), "登録の確認 / whose registration is confirmed by a reply (3.8)"
    )
    terms: Path = setting("terms.ja.txt", kind.path, "利用規約(一行目に「版: 日付」) / terms; first line: version")
    pending_hours: int = setting(48, kind.whole(1, 720), "確認を待つ時間 / how long a confirmation is waited for")
    renewal_letter: tuple[int, int] | None = setting(
        "", kind.optional(kind.month_day), "継続案内の日 / day of the renewal letter"
    )
    districts_file: Path | None = setting(
        "",
        kind.optional(kind.path),
        "地区一覧の別ファイル(districts import が作る) / file of the [[districts]], instead of tables here",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    year_ends: tuple[int, int] = setting(
        "03-31", kind.month_day, "年度末(個人情報を消す日) / last day of the year; then all is destroyed"
    )
    next_year_opens: tuple[int, int] = setting(
        "03-01", kind.month_day, "翌年度の受付開始 / first day to register for the next"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsSettings:
    release_above: int = setting(
        1_000, kind.whole(0, 100_000_000), "これを超える宛先数は確認後に配信 / above this many, the author confirms"
    )
    expires_minutes: int = setting(
        240,
        kind.whole(1, 10_080),
        "配信する時間と、承認を待つ時間 / how long it is sent, or waits for a release",
    )
    reminder_minutes: int = setting(
        15, kind.whole(1, 10_080), "承認を催促するまで / when those who may release it are reminded"
    )
    drill_addresses: tuple[Address, ...] = setting(
        [], kind.each(place.address), "訓練の宛先 / who gets drills besides staff"
    )
    haste_checks: tuple[str, ...] = setting(
        list(HASTE_CHECKS), kind.each(kind.one_of(*HASTE_CHECKS)), "書き忘れの点検 / checks for haste (5.10); []: none"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BouncesSettings:
    permanent_days: int = _most(3, 366, "宛先不明がこの日数続けば確認 / days without the mailbox until a probe")
    temporary_days: int = _most(10, 366, "一時的な不達の日数 / days of passing trouble until a probe")
    full_days: int = _most(30, 366, "満杯の日数 / days of a full mailbox until a probe")
    stale_days: int = _most(60, 366, "数え直すまでの間隔 / days after which counting begins anew")
    freeze_percent: int = _most(20, 100, "障害とみなす不達の割合(%) / share of failures that is an outage, percent")
    freeze_least: int = _most(20, 1_000_000, "障害とみなす最少数 / failures that an outage has at least")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    checkpoint_key: Path | None = setting(
        "", kind.optional(kind.path), "監査の署名鍵(Ed25519, PEM) / key that signs checkpoints and certificates"
    )
    checkpoint_minutes: int = setting(60, kind.whole(1, 10_080), "検印の間隔 / time between checkpoints")
    mirror: tuple[Mirror, ...] = setting(
        [], kind.each(mirror), "監査記録の写し先 / where log and checkpoints are copied"
    )
    mirror_megabytes: int = setting(
        100, kind.whole(1, 100_000), "jsonl: 一ファイルの大きさ / size at which a jsonl: file is put aside"
    )
    mirror_files: int = setting(
        0, kind.whole(0, 10_000), "jsonl: 残す旧ファイル数(0 は全部) / how many of those are kept; 0: all"
    )
    mail_hours: int = setting(
        24, kind.whole(1, 8_760), "mail: 検印を送る最短間隔 / least time between letters to mail:"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    listen: Endpoint | None = setting(
        "", kind.optional(place.listen), "ワンクリック解除と監視の窓口 / one-click unsubscribe, health and metrics"
    )
    base_url: str = setting(
        "", kind.empty_or(place.web_base), "外から見た窓口の URL / the https URL by which residents reach it"
    )
    tls: bool = setting(
        False, kind.switch, "[listener] の証明書で自ら暗号化 / TLS of its own, by [listener]'s certificate"
    )
    proxies: tuple[Network, ...] = setting(
        list(LOOPBACK), kind.each(place.network), "前に立つ中継 / reverse proxies whose X-Forwarded-For is believed"
    )
    metrics_from: tuple[Network, ...] = setting(
        list(LOOPBACK), kind.each(place.network), "/metrics を読めるネットワーク / networks that may read /metrics"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryEntry:
    code: str = setting(REQUIRED, kind.code, "符号 / code")
    name: str = setting(REQUIRED, kind.filled, "名称 / name")
    aliases: tuple[str, ...] = setting([], kind.each(kind.filled), "別名 / other names")
    victim_consent: bool = setting(False, kind.switch, "被害者と保護者の同意が要る / the child and the guardian agree")
    release: Release = setting("direct", kind.one_of("direct", "author", "second"), "配信の承認 / release (5.5)")


@dataclass(frozen=True, slots=True, kw_only=True)
class DistrictEntry:
    code: str = setting(REQUIRED, kind.code, "符号 / code")
    name: str = setting(REQUIRED, kind.filled, "名称 / name")
    kana: str = setting("", kind.text, "よみがな / reading")
    aliases: tuple[str, ...] = setting([], kind.each(kind.filled), "別名 / other names")
    schools: tuple[str, ...] = setting(
        [],
        kind.each(kind.filled),
        "学校・園(その名でも登録できる) / schools and kindergartens, by which it is known too",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffEntry:
    id: str | None = setting("", kind.optional(kind.code), "符号(監査記録に残る) / code that stands in the audit")
    address: Address = setting(REQUIRED, place.address, "メールアドレス / mail address")
    organisation: str = setting("", kind.text, "所属(空なら運営組織) / organisation; empty: who runs it")
    districts: tuple[str, ...] = setting(["*"], kind.each(kind.filled), '配信できる地区 / districts; ["*"]: all')
    categories: tuple[str, ...] = setting(["*"], kind.each(kind.filled), '配信できる区分 / categories; ["*"]: all')
    may_release: bool = setting(True, kind.switch, "自分の配信を承認できる / may release their own alerts")
    may_second: bool = setting(False, kind.switch, "他の職員の配信を承認できる / may release those of others")
    keys: tuple[str, ...] = setting([], kind.each(place.pinned_key), "DKIM 公開鍵の指定 / pinned DKIM keys (5.1b)")
    submission: str = setting(
        "",
        kind.empty_or(place.password_hash),
        "投稿用パスワードのハッシュ(mimamori staff password が作る) / hash of the password for submission",
        secret=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryEntry:
    carrier: str = setting(REQUIRED, kind.filled, "携帯会社などの名 / name of the carrier")
    address: Address = setting(REQUIRED, place.address, "送り返す自前の宛先 / a mailbox that sends back what it gets")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole configuration, checked. `warnings` are lines for the administrator; nothing in them is secret."""

    path: Path
    gateway: GatewaySettings
    listener: ListenerSettings
    limits: LimitsSettings
    storage: StorageSettings
    keys: KeysSettings
    dns: DnsSettings
    relay: RelaySettings
    registration: RegistrationSettings
    retention: RetentionSettings
    alerts: AlertsSettings
    bounces: BouncesSettings
    audit: AuditSettings
    web: WebSettings
    town: Town
    warnings: tuple[str, ...] = ()

    @property
    def state_folder(self) -> Path:
        """What a running gateway needs beside its database: where SQLite's file is, else var/ by the configuration."""
        scheme, _, file = self.storage.url.partition(":///")
        return Path(file).parent if scheme == "sqlite" else self.path.parent / "var"


SECTIONS: dict[str, type] = {
    "gateway": GatewaySettings,
    "listener": ListenerSettings,
    "limits": LimitsSettings,
    "storage": StorageSettings,
    "keys": KeysSettings,
    "dns": DnsSettings,
    "relay": RelaySettings,
    "registration": RegistrationSettings,
    "retention": RetentionSettings,
    "alerts": AlertsSettings,
    "bounces": BouncesSettings,
    "audit": AuditSettings,
    "web": WebSettings,
}
TABLES: dict[str, type] = {
    "categories": CategoryEntry,
    "districts": DistrictEntry,
    "staff": StaffEntry,
    "canaries": CanaryEntry,
}

# Settings that are accepted from the first release on, and what this version does not do with them yet.
INERT: dict[tuple[str, str], str] = {
    ("limits", "mime_depth"): "takes 8",
    ("limits", "mime_parts"): "takes 30",
}
