"""The tables of words are complete, and say no more than there is to say."""

from enum import StrEnum

import pytest

from service.cases import playbook
from service.cases.free_words import PLACES
from service.cases.in_part import SHOWN
from service.cases.playbook_shape import ReferralYears
from service.cases.policy import EYES, VARIANTS
from service.cases.read_log import PARTY, TOLD_OF
from service.cases.relations import ADVISERS
from service.core.telling import filters
from service.evidence.sniff import BINARY, EML, TXT
from service.records import code_words, enums, list_words, room_entry_words, room_words, words
from service.records.entry_words import ENTRIES
from service.records.field_words import SPILT, TABLES
from service.records.why_words import BECAUSE
from service.retention import referral_rules
from service.retention.listing import Show
from service.retention.rules import KEPT_BY
from service.routing.protect import Question
from service.steps.cannot import REASONS
from service.steps.find import ABLE
from service.subject_access.asking import STANDS
from service.timeline.audiences import AUDIENCES, AUDIENCES_OF_REFERRAL

PARTS = {"reporter", "raiser", "asked", "subject"}
"""Whose part in a case auditors are not told."""
DUE_TO_DESKS = {f"acknowledge.{desk}" for desk in enums.DeskName}
DUE_FROM = {f"advice.{desk}" for desk in (enums.DeskName.LINE_MANAGER, *ADVISERS)}
SAYS: dict[str, tuple[type[StrEnum], set[str]]] = {
    "kinds": (enums.Kind, set()),
    "untitled": (enums.Kind, set()),
    "abouts": (enums.About, set()),
    "statuses": (enums.Stage, set()),
    "stages": (enums.Stage, set()),
    "severities": (enums.Severity, set()),
    "steps": (enums.StepKind, set()),
    "steps_mine": (enums.StepKind, set()),
    "dues": (enums.StepKind, {"triage", "protection", *DUE_TO_DESKS, *DUE_FROM}),
    "step_states": (enums.StepState, {"overdue"}),
    "desks": (enums.DeskName, set()),
    "the_desks": (enums.DeskName, set()),
    "the_desks_mine": (enums.DeskName, set()),
    "verdicts": (enums.Verdict, set()),
    "account_types": (enums.AccountType, set()),
    "account_types_mine": (enums.AccountType, set()),
    "account_types_short": (enums.AccountType, set()),
    "account_hints": (enums.AccountType, set()),
    "answers": (enums.Answer, set()),
    "codes": (enums.Code, set()),
    "resolutions": (enums.Resolution, set()),
    "employers": (enums.Employer, set()),
    "engagements": (enums.Engagement, set()),
    "roles": (enums.Role, set()),
    "referral_stages": (enums.ReferralStage, set()),
    "outcomes": (enums.Outcome, set()),
    "appointed": (enums.Part, set()),
    "findings": (enums.FindingKind, set()),
    "letters": (enums.LetterKind, set()),
    "papers": (enums.PaperKind, set()),
    "closed_to": (enums.ReferralStage, set()),
    "instead": (enums.Instead, set()),
    "instead_mine": (enums.Instead, {"manager"}),
    "on_accounts": (enums.AccountType, set()),
    "who_talks": (enums.Instead, {"manager"}),
    "alike": (enums.Likeness, set()),
    "alike_mine": (enums.Likeness, set()),
    "protection_questions": (Question, set()),
    "days": (enums.Day, set()),
    "notify": (enums.Notify, set()),
}
"""Table -> the enum whose values it has, and what it has besides."""


@pytest.mark.parametrize("table", SAYS)
def test_each_table_has_exactly_the_values_of_its_enum(table: str) -> None:
    values, besides = SAYS[table]
    assert set(TABLES[table]) == set(values) | besides
    assert all(TABLES[table].values())


def test_every_code_is_asked_for_once_and_stands_in_one_group() -> None:
    asked = [*code_words.CODES_FIRST, *(code for group in code_words.CODES_MORE.values() for code in group)]
    grouped = [code for group in code_words.CODE_GROUPS.values() for code in group]
    assert sorted(asked) == sorted(grouped) == sorted(enums.Code)


def test_what_is_not_an_enum_is_complete_as_well() -> None:
    assert set(words.CANNOT_REASONS) == set(words.CANNOT_REASONS_MINE) == set(REASONS)
    assert set(words.PDF_AUDIENCES) == {variant for variants in VARIANTS.values() for variant in variants}
    assert set(words.PARTS) == set(SHOWN)
    assert set(words.ASKABLE) == ABLE
    assert set(words.FILE_KINDS) == {*BINARY, TXT, EML}
    assert set(ENTRIES) == set(AUDIENCES)
    assert set(room_entry_words.ENTRIES_OF_REFERRAL) == set(AUDIENCES_OF_REFERRAL)
    theirs = {kind for kind, readers in AUDIENCES_OF_REFERRAL.items() if "subject" in readers}
    assert set(room_entry_words.ENTRIES_TO_SUBJECT) == theirs
    assert set(room_entry_words.NOTIFIED_IN_ROOM) <= theirs
    assert set(room_entry_words.NOTIFIED_OF_REFERRAL) | set(room_entry_words.ASKS_OF_REFERRAL) <= set(
        AUDIENCES_OF_REFERRAL
    )
    assert set(list_words.READ_AS) == set(EYES.values()) - PARTS | {PARTY}
    assert set(list_words.LOOKED_AS) | {"digital_unit"} == set().union(*TOLD_OF.values())
    assert set(list_words.RETENTION) == set(list_words.RETENTION_EMPTY) == set(Show)
    assert set(list_words.KEPT_BY) == set(KEPT_BY) | set(referral_rules.KEPT_BY)
    assert set(room_words.ENDED) == set(ReferralYears.model_fields)
    assert set(list_words.ACCESS_STAGES) == set(enums.AccessStage) == set(STANDS)
    assert set(words.NOTE_AUDIENCES_OF) == set(enums.DeskName)
    assert all(set(readers) == set(enums.NoteAudience) for readers in words.NOTE_AUDIENCES_OF.values())
    assert all(path in PLACES or path.startswith(("data_protection.", "referral.")) for path in SPILT)


def test_every_rule_of_the_shipped_playbook_has_its_reason_in_words() -> None:
    book = playbook.load()
    rules = {rule.name for rule in (*book.severity.rules, *book.guarded.rules, *book.routes)}
    by_hand = {
        "sent",
        "named",
        "triage.severity",
        "late.nobody_there",
        *(f"{kind}.alternate_desk" for kind in enums.Kind),
    }
    assert set(BECAUSE) == rules | by_hand


def test_no_table_is_for_nothing() -> None:
    """What is in no list above is composed of such, or speaks of the record."""
    others = {
        "note_audiences_of",
        "code_groups",
        "codes_first",
        "codes_more",
        "codes_raised",
        "cannot_reasons",
        "cannot_reasons_mine",
        "pdf_audiences",
        *("parts", "knows_who", "boxes", "revealed", "who_did", "askable", "details", "safety", "dues_mine"),
        *("guide", "guide_concern", "afterwards", "afterwards_concern", "help", "outbox_kinds"),
    }
    filters = {"assigned", "orders", "orders_full", "exported"}
    record = {"fields", "spilt", "because", "entries", "happened", "notified", "decisions", "spoken", "whose"}
    record |= {"exposure", "pause", "file_kinds"}
    record |= {"asks", "reminded", "escalated", "entries_nobody", "parts_told", "runs"}
    record |= {"entries_of", "notified_of", "asks_of", "fields_of_advice"}
    room = {"gates", "checks", "to_do", "disclosed", "owed", "room_next", "room_says", "entries_of_referral"}
    room |= {"ready", "entries_to_subject", "notified_of_referral", "notified_in_room", "asks_of_referral", "picture"}
    room |= {"ended", "held_of_referral", "room_asks", "asked_of_subject", "fields_of_referral", "unsaid"}
    read_log = {"read_what", "read_through", "read_as", "read_columns", "looked_as"}
    kept = {"retention", "retention_empty", "kept_by", "access_titles", "access_stages", "withheld"}
    kept |= {"access_letters", "access_groups"}
    assert set(TABLES) == set(SAYS) | others | filters | record | read_log | kept | room


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("steps.delete.taken_at", "Delete the post: done at"),
        ("routes.line_manager.person", "Line manager: person"),
        ("routes.media_office.acknowledged_at", "Media Office: read at"),
        ("data_protection.regulator.tell", "Tell the regulator: decided"),
        ("data_protection.decide_by", "To be decided by"),
        ("messages.7", "Text"),
        ("evidence.9f.filename", "File"),
        ("post.url", "Link to the post"),
        ("hr.because", "HR suggested because of"),
        ("something.new_here", "New here"),
    ],
)
def test_what_a_recorded_field_is_called(path: str, said: str) -> None:
    assert filters(TABLES)["called"](path) == said


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("hr.because", ["disrepute", "other"], "Could harm the department’s good name, Something else"),
        ("because", ["high.code"], "What went wrong weighs heavily."),
        ("purged", ["post.text", "steps.delete.link"], "What the post said, Delete the post: link"),
        ("hr.proposed", "not_referred", "Not referred to HR"),
        ("steps.delete.taken_at", "2026-11-20T14:04:00Z", "14:04 on 20 November in London"),
        ("narrative", "its_mine", "its_mine"),
        ("post.reach", 0, "0"),
        ("guarded", True, "yes"),
        ("codes", [], "empty"),
    ],
)
def test_what_was_recorded_in_it(field: str, value: object, said: str) -> None:
    assert filters(TABLES)["told"](value, field) == said


def test_a_rule_that_a_department_added_is_named_as_it_is() -> None:
    why = filters(TABLES)["why"]
    assert why("mistake.our_own_rule") == "By the playbook’s rule “mistake.our_own_rule”."
