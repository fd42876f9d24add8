"""What whoever makes the first keys is told and asked at a terminal: where the KEK shall live, what to write down."""

from collections.abc import Callable
from pathlib import Path

from storage.keyring import Keyring, read_kek, write_private
from storage.private_files import destroy_private

Ask = Callable[[str, str], str]
Say = Callable[[str], None]

BEFORE = """\
これから鍵を作ります。登録情報は年度鍵で封じられ、年度鍵は鍵暗号化鍵(KEK)で包まれます。
KEK・年度鍵・データベースがそろうと登録情報が読めるので、三つを同じ場所に置かないでください。
KEK は、データベースとその控えが入らない別のディスクか、USB メモリに置きます(systemd の credential には後で移せます)。
Now the keys are made. Rows are sealed by a year's key, which is wrapped by the key-encryption key (KEK). Whoever has
KEK, year key and database together reads the register: keep the three apart. The KEK belongs on another disk, of which
no backup of the database is made. It can move to a systemd credential later (mimamori keys rewrap)."""
QUESTION = "KEK の置き場所 / where the KEK shall live"
AFTER = """\
鍵の台帳(紙)に書き写してください / write this down in the register of keys, on paper:
  日時・立会人・作業者 / date and time, witness, who did it
  {year} 年度の鍵 / key of the year {year}: {key}
  KEK {kek}: {place}
  写しの場所と本数(なければ「なし」) / where copies are and how many; "none" if there are none
台帳にない写しは、年度末に破棄できません / a copy that is not in the register cannot be destroyed at the year's end"""


def ask_for_place(ask: Ask, say: Say, default: str) -> str:
    """The place of the KEK as it will stand in the configuration."""
    say(BEFORE)
    return ask(QUESTION, default).strip() or default


def move_kek(staged: Path, goal: Path) -> None:
    """Brings the new KEK to its place, where nothing may be yet. Raises FileExistsError."""
    goal.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(goal, staged.read_bytes())
    destroy_private(staged)


def to_write_down(keys: Path, kek: Path, year: int) -> str:
    """The lines for the register of keys; nothing in them is secret."""
    (key,) = Keyring(keys, f"file:{kek}").read(str(year)).ids
    return AFTER.format(year=year, key=key, kek=read_kek(f"file:{kek}").id, place=kek)
