"""The playbook file that ships: its numbers, its labels, and how the line of anything in it is found."""

import tempfile
import tomllib
from datetime import UTC, date, datetime, time
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from service.cases.deadlines import MONDAY_TO_FRIDAY, Within, deadline
from service.cases.playbook import SHIPPED, Playbook, PlaybookError, check, load
from service.cases.playbook_shape import Referrals
from service.cases.playbook_source import line_of, places
from service.records.enums import Code, DeskName, Severity

TEXT = SHIPPED.read_text(encoding="utf-8")


def bad(tmp_path: Path, *swaps: tuple[str, str]) -> Path:
    """The shipped playbook with the first of each pair replaced by the second, in its first place."""
    text = TEXT
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "playbook.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_playbook_has_no_fault() -> None:
    assert check(SHIPPED) == []
    assert load() is load()


def test_the_shipped_numbers() -> None:
    playbook = load()
    assert playbook.version == "2026.3"
    assert playbook.alternate.desk == DeskName.MEDIA_OFFICE
    assert playbook.reminder_fraction == 0.75
    assert (playbook.repeat.every_minutes, playbook.repeat.times) == (15, 8)
    assert playbook.repeat.severities == {Severity.CRITICAL}
    assert playbook.escalation.step == "holding_desk"
    assert playbook.escalation.digital_unit == "duty_lead"
    assert playbook.escalation.line_manager == "managers_manager"
    assert (playbook.working_time.day_starts, playbook.working_time.day_ends) == (time(9), time(17))
    assert playbook.working_time.desk_week == MONDAY_TO_FRIDAY
    assert playbook.referrals.hearing_notice_hours == 48
    assert playbook.referrals.companion_postponement == Within(working_days=5)
    assert playbook.referrals.appeal_window == Within(working_days=10)
    assert playbook.referrals.suspension_review == Within(working_days=10)
    assert (playbook.referrals.acceptance, playbook.referrals.appointment) == (Within(working_days=5),) * 2
    assert (playbook.referrals.fact_finding, playbook.referrals.decision) == (
        Within(working_days=20),
        Within(working_days=5),
    )
    assert (playbook.referrals.hearing_reminder_hours, playbook.referrals.hearing_record) == (
        24,
        Within(working_days=2),
    )
    assert (playbook.referrals.appeal_hearing, playbook.referrals.appeal_decision) == (
        Within(working_days=10),
        Within(working_days=5),
    )
    assert (playbook.referrals.hearing_anew, playbook.referrals.closing) == (Within(working_days=5),) * 2
    assert playbook.referrals.first_written_warning_months == 6
    assert playbook.referrals.final_written_warning_months == 12
    kept = playbook.retention
    assert (kept.advice_years, kept.case_years, kept.read_log_years) == (1, 2, 6)
    assert (kept.referral_years.no_case, kept.referral_years.returned, kept.referral_years.dismissal) == (1, 1, 6)
    assert (kept.referral_years.first_written_warning, kept.referral_years.final_written_warning) == (1, 1)
    assert playbook.desks_to_ask == (DeskName.LINE_MANAGER, DeskName.MEDIA_OFFICE, DeskName.DIGITAL_UNIT)


def test_the_contacts_are_nobodys_numbers() -> None:
    contacts = load().contacts
    for contact in (contacts.security, contacts.digital_unit, contacts.media_office, contacts.out_of_hours):
        assert contact.phone.startswith("+44 20 7946 0")


def test_every_part_says_where_it_comes_from() -> None:
    """Each table with values of its own is labelled, or stands inside one that is."""

    def unlabelled(part: object, place: str, labelled: bool) -> list[str]:
        if isinstance(part, list):
            return [
                name for number, entry in enumerate(part) for name in unlabelled(entry, f"{place}[{number}]", labelled)
            ]
        if not isinstance(part, dict):
            return []
        labelled = labelled or "source" in part
        own = [] if labelled or all(isinstance(value, dict | list) for value in part.values()) else [place]
        return own + [name for key, value in part.items() for name in unlabelled(value, f"{place}.{key}", labelled)]

    data = tomllib.loads(TEXT)
    del data["version"]
    assert unlabelled(data, "", labelled=False) == []


def test_extra_holidays_are_left_out(tmp_path: Path) -> None:
    playbook = load(bad(tmp_path, ("extra_holidays = []", "extra_holidays = [2026-11-23]")))
    assert date(2026, 11, 23) in playbook.working_hours.holidays
    due = deadline(
        datetime(2026, 11, 20, 16, tzinfo=UTC), Within(working_days=1), "Europe/London", MONDAY_TO_FRIDAY, playbook
    )
    assert due == datetime(2026, 11, 24, 16, tzinfo=UTC)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = bad(tmp_path)
    assert load(path).version == "2026.3"
    path.write_text(TEXT.replace('"2026.3"', '"2026.1-b"'), encoding="utf-8")
    assert load(path).version == "2026.1-b"


def test_the_shipped_playbook_is_named_by_its_place_in_the_repository() -> None:
    assert str(PlaybookError(41, "…")) == "service/playbook.toml line 41: …"


def test_lines_are_found_through_every_shape_of_toml() -> None:
    text = """# a comment
top = 1
[a.b]          # a header
long = [
    "one",
    # "two" in a comment comes first, and is none
    "two",
]
words = '''
[not.a.header]
key = "no key"
'''
dotted.key = { x = 1, "quoted key" = 2 }

[[rules]]
name = "first"
[[rules.inner]]
z = 1
[[rules.inner]]
z = 2
[[rules]]
name = "second"
[[rules.inner]]
z = 3
[rules.table]
deep = true
"""
    found = places(text)
    expected = {
        ("top",): 2,
        ("a", "b"): 3,
        ("a", "b", "long"): 4,
        ("a", "b", "words"): 9,
        ("a", "b", "dotted", "key", "x"): 13,
        ("a", "b", "dotted", "key", "quoted key"): 13,
        ("rules",): 15,
        ("rules", 0): 15,
        ("rules", 0, "name"): 16,
        ("rules", 0, "inner", 0, "z"): 18,
        ("rules", 0, "inner", 1, "z"): 20,
        ("rules", 1): 21,
        ("rules", 1, "name"): 22,
        ("rules", 1, "inner", 0): 23,
        ("rules", 1, "inner", 0, "z"): 24,
        ("rules", 1, "table", "deep"): 26,
        ("rules", 1, "absent"): 21,
        ("absent",): 1,
    }
    assert {place: line_of(text, found, place) for place in expected} == expected
    assert line_of(text, found, ("a", "b", "long", 0), "one") == 5
    assert line_of(text, found, ("a", "b", "long", 1), "two") == 7


@given(st.data())
def test_spoiling_any_one_line_never_does_worse_than_a_named_fault(data: st.DataObject) -> None:
    """Whatever is left out or doubled, the answer is a playbook or a list of faults with lines of the file."""
    lines = TEXT.split("\n")
    number = data.draw(st.integers(0, len(lines) - 1))
    with_what = data.draw(st.sampled_from([[], [lines[number]] * 2, ["key = 1"], ["[[severity.rules]]"], ['= "']]))
    text = "\n".join(lines[:number] + with_what + lines[number + 1 :])
    with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        faults = check(Path(file.name))
    assert all(1 <= fault.line <= text.count("\n") + 1 for fault in faults)


def test_the_playbook_knows_every_conduct_rule() -> None:
    assert load().hr_suggestion.rules[0].codes == {
        Code.CONTRADICTS_POLICY,
        Code.POLITICALLY_PARTIAL,
        Code.DISREPUTE,
        Code.CLASSIFIED_OR_PRIVILEGED,
        Code.ILLEGAL_OR_INAPPROPRIATE,
        Code.CODE_OR_TERMS_BREACH,
    }


def test_what_an_older_version_did_not_say_of_referrals_is_as_it_is_shipped() -> None:
    """A case keeps its version for years: the text of one from before there were these limits is still read."""
    said = tomllib.loads(TEXT)
    limits = [name for name, field in Referrals.model_fields.items() if not field.is_required() and name != "passage"]
    assert set(limits) <= set(said["referrals"])
    older = said | {"referrals": {name: each for name, each in said["referrals"].items() if name not in limits}}
    assert Playbook.model_validate(older).referrals == load().referrals
