"""The example configuration: a made-up town, and every setting with its comment, from the declarations themselves.

It writes text and touches no file. `mimamori init` and `config.example.toml` are both this text (protocol 9).
"""

import json
from collections.abc import Mapping

from gateway.declared import REQUIRED, Declared, declarations
from gateway.settings import SECTIONS, TABLES

HEADLINE = """\
# 見守りメールの設定。「#名前 = 値」は既定値で、# を外して書き換えると有効になります。パスはこのファイルから数えます。
# The settings of Mimamori. Lines as "#name = value" show defaults: take the # away to change them.
# Relative paths start from this file.
"""
TABLE_NOTES = {
    "categories": "配信の区分。ひとつずつ [[categories]] で書く / what alerts are about; one [[categories]] each",
    "districts": "地区。名称・よみがな・別名のどれでも登録できる / districts; people may use any of their names",
    "canaries": "届くまでの時間を測る自前の宛先 / mailboxes of our own by which delay is measured",
    "staff": "配信できる職員。メールの DKIM 署名で確かめる / who may post; proven by the DKIM signature of their mail",
}
SECTION_NOTES = {
    "gateway": "運営組織 / who runs it",
    "listener": "受信 / how mail comes in",
    "limits": "制限 / limits",
    "storage": "保存 / where the register is kept",
    "keys": "鍵 / keys",
    "dns": "名前解決 / name servers",
    "relay": "送信 / how mail goes out",
    "registration": "登録 / registration",
    "retention": "年度と消去 / the fiscal year and destruction",
    "alerts": "配信 / alerts",
    "bounces": "戻ってきたメール。戻った日を数える / mail that comes back; days are those on which some did",
    "audit": "監査記録 / audit log",
    "web": "ウェブ / web endpoint",
}
# A first start needs no mail server: copies are written to files.
CHOSEN: dict[tuple[str, str], object] = {
    ("gateway", "domain"): "mimamori.example.jp",
    ("gateway", "organisation"): "見守り市教育委員会",
    ("gateway", "contact"): "電話 00-0000-0000",
    ("listener", "host"): "127.0.0.1",
    ("listener", "port"): 8025,
    ("listener", "trusted_relays"): ["127.0.0.1/32", "::1/128"],
    ("relay", "smarthost"): "maildir:var/outbox",
    ("audit", "checkpoint_key"): "keys/audit.key",
}
ROWS: dict[str, tuple[dict[str, object], ...]] = {
    "categories": (
        {"code": "suspicious", "name": "不審者情報", "aliases": ["不審者"], "victim_consent": True},
        {"code": "weather", "name": "気象・休校", "aliases": ["気象", "休校"]},
        {"code": "missing", "name": "行方不明", "aliases": ["行方不明者"]},
        {"code": "traffic", "name": "交通安全", "aliases": ["交通"]},
        {"code": "notice", "name": "お知らせ", "aliases": ["連絡"]},
    ),
    "districts": (
        {
            "code": "tomio",
            "name": "富雄",
            "kana": "とみお",
            "aliases": ["富小"],
            "schools": ["富雄小学校", "富雄こども園"],
        },
        {"code": "tomio-minami", "name": "富雄南", "kana": "とみおみなみ", "aliases": ["富雄南小"]},
        {"code": "tomio-kita", "name": "富雄北", "kana": "とみおきた"},
        {"code": "tomio-daisan", "name": "富雄第三", "kana": "とみおだいさん", "aliases": ["富雄三", "富三"]},
        {"code": "fushimi", "name": "伏見", "kana": "ふしみ"},
        {"code": "fushimi-minami", "name": "伏見南", "kana": "ふしみみなみ"},
        {"code": "ayame", "name": "あやめ台", "kana": "あやめだい", "aliases": ["菖蒲台"]},
        {"code": "midori", "name": "緑ヶ丘", "kana": "みどりがおか", "aliases": ["緑が丘", "緑丘"]},
        {"code": "higashi", "name": "東町", "kana": "ひがしまち"},
        {"code": "nishi", "name": "西町", "kana": "にしまち"},
        {"code": "kawakami", "name": "川上", "kana": "かわかみ"},
        {"code": "kawashimo", "name": "川下", "kana": "かわしも"},
    ),
    "canaries": (),
    "staff": (
        {"id": "board-1", "address": "anzen@school.example.jp", "organisation": "見守り市教育委員会"},
        {
            "id": "tomio-1",
            "address": "tomio-kyoto@school.example.jp",
            "organisation": "富雄小学校",
            "districts": ["tomio", "tomio-minami"],
            "categories": ["suspicious", "weather", "notice"],
        },
    ),
}


def render(chosen: Mapping[tuple[str, str], object] | None = None) -> str:
    """The text of a configuration; `chosen` gives (section, setting) values instead of the example's."""
    values = {**CHOSEN, **(chosen or {})}
    blocks = [HEADLINE]
    for name, section in SECTIONS.items():
        lines = [_setting(key, declared, values.get((name, key))) for key, declared in declarations(section)]
        blocks.append("".join([f"# {SECTION_NOTES[name]}\n[{name}]\n", *lines]))
    blocks.extend(_table(name) for name in TABLES)
    return "\n".join(blocks)


def toml(value: object) -> str:
    """A value as TOML writes it. JSON escapes texts in a way that TOML shares, once DEL is out of them."""
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _setting(name: str, declared: Declared, value: object) -> str:
    choices = f": {declared.kind.says}" if declared.kind.says.startswith('"') else ""
    written = f"{name} = {toml(value)}" if value is not None else f"#{name} = {toml(declared.default)}"
    return f"# {declared.doc}{choices}\n{written}\n"


def _table(name: str) -> str:
    docs = [f"#   {key}: {declared.doc}{_default(declared)}\n" for key, declared in declarations(TABLES[name])]
    rows = ["\n".join([f"[[{name}]]", *(f"{key} = {toml(value)}" for key, value in row.items())]) for row in ROWS[name]]
    return "".join(
        [
            f"# {TABLE_NOTES[name]}\n# (* 必須 / needed; = 既定値 / default)\n",
            *docs,
            "\n".join(f"{row}\n" for row in rows),
        ]
    )


def _default(declared: Declared) -> str:
    return " *" if declared.default is REQUIRED else f" = {toml(declared.default)}"
