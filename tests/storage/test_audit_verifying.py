"""`audit verify` with checkpoints (protocol 8.3): from rows and from an export, every change is found and located."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, select, update

from gateway.audit import exporting, giving, proofs, verifying
from gateway.audit.note import SigningKey, Verifier, new_key
from gateway.audit.proofs import ProofError
from gateway.audit.verifying import Verdict
from storage import audit
from storage.audit import canonical
from storage.audit_walk import Fault
from storage.records import AuditEvent
from storage.store import Store
from storage.tables import audit as log
from storage.tables import audit_checkpoint, audit_tree, subscription
from tests.fakes.audited import ORIGIN, happen, key_in, office_of, signed
from tests.storage.samples import found, join, person, read, write
from tests.storage.test_audit_tree import rewrite

SIZES = (3, 7, 12)
Tamper = Callable[[Connection], object]


@pytest.fixture
def written(database: Store, tmp_path: Path) -> Store:
    """Twelve entries, with checkpoints at three, seven and twelve."""
    signed(database, tmp_path, SIZES)
    return database


def quiet(_done: int, _total: int, _what: str) -> None:
    """Progress that nobody looks at."""


def keys_in(folder: Path) -> list[Verifier]:
    return [key_in(folder).verifier]


def verdict(store: Store, folder: Path, *files: Path) -> Verdict:
    return read(store, lambda tx: verifying.register(tx, keys_in(folder), files))


def tamper(store: Store, work: Tamper) -> None:
    write(store, lambda tx: work(tx.connection))


def notes(store: Store) -> list[str]:
    return read(store, lambda tx: list(tx.connection.scalars(select(audit_checkpoint.c.note).order_by("number"))))


def export(store: Store, file: Path) -> list[str]:
    read(store, lambda tx: exporting.write(tx, file, quiet))
    return file.read_text().splitlines()


def exported(folder: Path, lines: list[str], *witnesses: Path) -> Verdict:
    file = folder / "changed.jsonl"
    file.write_text("".join(f"{line}\n" for line in lines))
    return verifying.exported([file], keys_in(folder), witnesses)


# --- from the register --------------------------------------------------------------------------


def test_a_log_with_its_checkpoints_holds(written: Store, tmp_path: Path) -> None:
    assert verdict(written, tmp_path) == Verdict(entries=12, checkpoints=3, witnesses=0, signed=True)


def test_without_a_key_roots_are_compared_and_signatures_are_not(written: Store) -> None:
    found = read(written, lambda tx: verifying.register(tx, None, ()))
    assert found == Verdict(entries=12, checkpoints=3, witnesses=0, signed=False)


def test_another_key_has_signed_nothing_here(written: Store) -> None:
    stranger = SigningKey.load(new_key(), ORIGIN).verifier
    found = read(written, lambda tx: verifying.register(tx, [stranger], ()))
    assert found.fault == Fault(seq=3, what="checkpoint altered", where="checkpoint 1")


def test_a_log_rewritten_whole_differs_from_its_checkpoints(written: Store, tmp_path: Path) -> None:
    tamper(written, lambda c: rewrite(c, 5, tree=True))
    expected = Fault(seq=4, last=7, what="differs from a checkpoint", where="checkpoint 2")
    assert verdict(written, tmp_path).fault == expected


def table(where: int) -> Any:
    return update(audit_checkpoint).where(audit_checkpoint.c.number == where)


@pytest.mark.parametrize(
    ("work", "fault"),
    [
        (lambda c: c.execute(table(2).values(size=6)), Fault(seq=6, what="checkpoint altered", where="checkpoint 2")),
        (
            lambda c: c.execute(table(2).values(made_at=audit_checkpoint.c.made_at + 1)),
            Fault(seq=7, what="checkpoint altered", where="checkpoint 2"),
        ),
        (
            lambda c: c.execute(delete(audit_checkpoint).where(audit_checkpoint.c.number == 2)),
            Fault(seq=3, what="checkpoint missing", where="checkpoint 2"),
        ),
        (
            lambda c: c.execute(delete(audit_checkpoint).where(audit_checkpoint.c.number == 3)),
            Fault(seq=7, what="checkpoint missing", where="checkpoint 3"),
        ),
        (
            lambda c: c.execute(update(audit_tree).values(checkpoints=4)),
            Fault(seq=12, what="checkpoint missing", where="checkpoint 4"),
        ),
        (
            lambda c: c.execute(table(3).values(number=4)),
            Fault(seq=7, what="checkpoint missing", where="checkpoint 3"),
        ),
    ],
)
def test_a_changed_or_dropped_checkpoint_is_found(written: Store, tmp_path: Path, work: Tamper, fault: Fault) -> None:
    tamper(written, work)
    assert verdict(written, tmp_path).fault == fault


def test_swapped_checkpoints_are_found(written: Store, tmp_path: Path) -> None:
    one, two = notes(written)[:2]
    tamper(written, lambda c: (c.execute(table(1).values(note=two)), c.execute(table(2).values(note=one))))
    assert verdict(written, tmp_path).fault == Fault(seq=3, what="checkpoint altered", where="checkpoint 1")


def test_no_octet_of_a_checkpoint_can_be_changed(written: Store, tmp_path: Path) -> None:
    note = notes(written)[1]
    for place in range(0, len(note), 5):
        changed = note[:place] + chr(ord(note[place]) ^ 1) + note[place + 1 :]
        tamper(written, lambda c, changed=changed: c.execute(table(2).values(note=changed)))
        assert verdict(written, tmp_path).fault == Fault(seq=7, what="checkpoint altered", where="checkpoint 2"), place


def test_a_year_that_is_destroyed_takes_the_people_out_of_the_log_and_leaves_the_log(
    written: Store, tmp_path: Path
) -> None:
    join(written, person(1), "tomio")
    pseudonym = found(written, person(1))[0].pseudonym
    event = AuditEvent(event="subscribe:confirmed", about=person(1))
    write(written, lambda tx: tx.apply((), (), [event], None))
    office, _ = office_of(written, tmp_path)
    giving.make(office, key_in(tmp_path))
    before = export(written, tmp_path / "before.jsonl")

    tamper(written, lambda c: c.execute(delete(subscription)))
    (tmp_path / "keys" / "2026.key").unlink()
    assert verdict(written, tmp_path) == Verdict(entries=13, checkpoints=4, witnesses=0, signed=True)
    assert export(written, tmp_path / "after.jsonl") == before
    assert pseudonym in before[-2]
    assert person(1).canonical not in "".join(before)
    join(written, person(1), "tomio", year=2027)
    assert found(written, person(1))[0].pseudonym != pseudonym  # it came from nothing but chance


# --- against checkpoints kept elsewhere ---------------------------------------------------------


def test_old_checkpoints_in_a_file_and_a_mail_agree(written: Store, tmp_path: Path) -> None:
    mirror, mail = tmp_path / "notes", tmp_path / "saved.eml"
    mirror.write_text("".join(f"{note}\n" for note in notes(written)))
    head = "From: help@mimamori.example.jp\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
    mail.write_text(f"{head}Content-Transfer-Encoding: 8bit\n\n検印です。\n\n{notes(written)[0]}\n以上\n")
    assert verdict(written, tmp_path, mirror, mail) == Verdict(entries=12, checkpoints=3, witnesses=4, signed=True)


def test_a_log_whose_checkpoints_were_cut_with_its_tail_differs_from_the_mirror(written: Store, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text(notes(written)[2])
    tamper(written, lambda c: c.execute(delete(log)))
    tamper(written, lambda c: c.execute(delete(audit_checkpoint)))
    tamper(written, lambda c: c.execute(update(audit_tree).values(size=0, frontier=b"", link=bytes(32), checkpoints=0)))
    assert verdict(written, tmp_path).fault is None
    expected = Fault(seq=1, what="entries missing at the end", where="notes:1")
    assert verdict(written, tmp_path, tmp_path / "notes").fault == expected


def test_no_octet_of_a_file_of_checkpoints_can_be_changed(written: Store, tmp_path: Path) -> None:
    file = tmp_path / "notes"
    text = "".join(f"{note}\n" for note in notes(written)).encode()
    for place in range(0, len(text) - 1, 7):
        file.write_bytes(text[:place] + bytes([text[place] ^ 4]) + text[place + 1 :])
        fault = verdict(written, tmp_path, file).fault
        assert fault is not None, place
        assert fault.what == "checkpoint altered"
        assert (fault.where or "").startswith("notes:")


@pytest.mark.parametrize("content", ["", "\n", "hello\n", "Subject: hello\n\nno checkpoint here\n"])
def test_a_file_without_a_checkpoint_is_a_fault(written: Store, tmp_path: Path, content: str) -> None:
    (tmp_path / "notes").write_text(content)
    fault = verdict(written, tmp_path, tmp_path / "notes").fault
    assert fault is not None
    assert fault.what == "checkpoint altered"


# --- from an export -----------------------------------------------------------------------------


def test_an_export_holds_by_itself_and_against_checkpoints_kept_elsewhere(written: Store, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text(notes(written)[1])
    lines = export(written, tmp_path / "log.jsonl")
    assert len(lines) == 1 + 12 + 3
    expected = Verdict(entries=12, checkpoints=3, witnesses=1, signed=True)
    assert exported(tmp_path, lines, tmp_path / "notes") == expected


def test_progress_of_a_long_export_is_told(written: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "BATCH", 5)
    told: list[tuple[int, int]] = []
    export(written, tmp_path / "log.jsonl")
    verifying.exported(
        [tmp_path / "log.jsonl"], keys_in(tmp_path), (), lambda done, total, _: told.append((done, total))
    )
    assert told == [(5, 12), (10, 12), (12, 12)]


def test_an_export_is_never_written_over(written: Store, tmp_path: Path) -> None:
    export(written, tmp_path / "log.jsonl")
    with pytest.raises(FileExistsError):
        export(written, tmp_path / "log.jsonl")


def test_a_mirror_without_a_first_line_holds_as_far_as_it_goes(written: Store, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text(notes(written)[2])
    lines = [line for line in export(written, tmp_path / "log.jsonl") if '"seq"' in line]
    assert exported(tmp_path, lines).entries == 12
    assert exported(tmp_path, lines[:8]).fault is None
    cut = exported(tmp_path, lines[:8], tmp_path / "notes").fault
    assert cut == Fault(seq=9, what="entries missing at the end", where="notes:1")


def line_of(lines: list[str], seq: int) -> int:
    return next(place for place, line in enumerate(lines) if json.loads(line).get("seq") == seq)


def test_edits_of_an_export_are_located(written: Store, tmp_path: Path) -> None:
    lines = export(written, tmp_path / "log.jsonl")
    five, six = line_of(lines, 5), line_of(lines, 6)
    changed = canonical({**json.loads(lines[five]), "subject": "2026-0002"})
    swapped = [*lines]
    swapped[five], swapped[six] = lines[six], lines[five]
    third = lines.index(next(line for line in lines if "number 3" in line))
    edits = {
        "entry altered": [*lines[:five], changed, *lines[five + 1 :]],
        "entry missing": [*lines[:five], *lines[five + 1 :]],
        "entry out of order": swapped,
        "line altered": [*lines[:five], f"{lines[five]} ", *lines[five + 1 :]],
    }
    assert {what: exported(tmp_path, edit).fault for what, edit in edits.items()} == {
        what: Fault(seq=5, what=what) for what in edits
    }
    assert exported(tmp_path, lines[:third]).fault == Fault(seq=12, what="checkpoint missing", where="checkpoint 3")
    assert exported(tmp_path, lines[: third - 2]).fault == Fault(seq=11, what="entries missing at the end")


# --- proofs -------------------------------------------------------------------------------------


def test_each_entry_is_proven_and_by_nothing_else(written: Store, tmp_path: Path) -> None:
    for seq in range(1, 13):
        proof = read(written, lambda tx, seq=seq: proofs.of_entry(tx.connection, seq, quiet))
        shown = proofs.verified(canonical(proof), keys_in(tmp_path))
        assert (shown["entry"]["seq"], shown["size"]) == (seq, 12)
        other = canonical({**proof, "entry": proof["entry"].replace("富雄", "伏見")})
        with pytest.raises(ProofError, match="does not lead"):
            proofs.verified(other, keys_in(tmp_path))
        with pytest.raises(ProofError, match="the checkpoint in the proof"):
            proofs.verified(canonical(proof), [SigningKey.load(new_key(), ORIGIN).verifier])


def test_the_log_is_proven_to_continue_an_older_checkpoint(written: Store, tmp_path: Path) -> None:
    for older, size in zip(notes(written), SIZES, strict=True):
        proof = read(written, lambda tx, o=older: proofs.of_growth(tx.connection, o, keys_in(tmp_path), quiet))
        assert proofs.verified(canonical(proof), keys_in(tmp_path)) == {"from": size, "size": 12}


def test_what_is_not_under_a_checkpoint_has_no_proof(written: Store) -> None:
    happen(written, 1)
    for seq in (0, 13, 14):
        with pytest.raises(ProofError, match="audit checkpoint"):
            read(written, lambda tx, seq=seq: proofs.of_entry(tx.connection, seq, quiet))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format":"x"}', "null", "[" * 100_000])
def test_what_is_no_proof_proves_nothing(tmp_path: Path, text: str) -> None:
    with pytest.raises(ProofError):
        proofs.verified(text, [SigningKey.load(new_key(), ORIGIN).verifier])


# --- any edit -----------------------------------------------------------------------------------


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_change_of_an_export_is_found(written: Store, tmp_path: Path, data: st.DataObject) -> None:
    file = tmp_path / "log.jsonl"
    lines = file.read_text().splitlines() if file.exists() else export(written, file)
    octets = "".join(f"{line}\n" for line in lines).encode()
    match data.draw(st.sampled_from(["octet", "drop", "double", "swap", "cut"])):
        case "octet":
            place = data.draw(st.integers(0, len(octets) - 1))
            other = bytes([octets[place] ^ data.draw(st.integers(1, 255))])
            octets = octets[:place] + other + octets[place + 1 :]
        case "cut":
            octets = octets[: data.draw(st.integers(1, len(octets) - 1))]
        case edit:
            one = data.draw(st.integers(0, len(lines) - 1))
            two = data.draw(st.integers(0, len(lines) - 1).filter(lambda place: place != one))
            kept = {"drop": [*lines[:one], *lines[one + 1 :]], "double": [*lines[:one], lines[one], *lines[one:]]}
            swapped = [lines[{one: two, two: one}.get(place, place)] for place in range(len(lines))]
            octets = "".join(f"{line}\n" for line in kept.get(edit, swapped)).encode()
    (tmp_path / "changed.jsonl").write_bytes(octets)
    assert verifying.exported([tmp_path / "changed.jsonl"], keys_in(tmp_path), ()).fault is not None


def test_a_checkpoint_of_a_log_that_has_not_grown_is_the_same_one(written: Store, tmp_path: Path) -> None:
    office, _ = office_of(written, tmp_path)
    again = giving.make(office, key_in(tmp_path))
    assert (again.number, again.note) == (3, notes(written)[2])
