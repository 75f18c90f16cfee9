"""The shape of a playbook: which parts the file has, and what may stand in each."""

import re
from datetime import date, time
from functools import cached_property
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, StrictInt, StrictStr, model_validator

from service.cases.deadlines import LONGEST_MINUTES, Within, WorkingHours, WorkingWeek, bank_holidays
from service.cases.playbook_questions import Question
from service.cases.playbook_rules import RouteRule, Rule, Section, SeverityRule, Sourced, StepRule, Text
from service.cases.playbook_words import WhoCanRead, Words
from service.records.enums import DeskName, Severity, StepKind


def _hour(said: object) -> object:
    if isinstance(said, time) or (isinstance(said, str) and re.fullmatch(r"[0-2][0-9]:[0-5][0-9]", said)):
        return said
    raise ValueError('a time of day is written "09:00"')


def _zone(said: str) -> str:
    if said not in available_timezones():
        raise ValueError(f"'{said}' is no zone in the IANA database")
    return said


Hour = Annotated[time, BeforeValidator(_hour)]
Stretch = Annotated[Within, PlainValidator(Within.parse)]
Minutes = Annotated[StrictInt, Field(ge=1, le=LONGEST_MINUTES)]
Count = Annotated[StrictInt, Field(ge=0, le=100)]
Years = Annotated[StrictInt, Field(ge=0, le=100)]
Row = Literal["digital_unit_acknowledges", "line_manager_acknowledges", "none"]
DeskTarget = Literal["holding_desk", "duty_lead"]
ManagerTarget = Literal["holding_desk", "duty_lead", "managers_manager"]


class StepRow(Section):
    """Minutes by severity."""

    critical: Minutes
    high: Minutes
    medium: Minutes
    low: Minutes

    def __getitem__(self, severity: Severity) -> int:
        return int(getattr(self, severity.value))


class DeskRow(Section):
    """Minutes or working days by severity."""

    critical: Stretch
    high: Stretch
    medium: Stretch
    low: Stretch

    def __getitem__(self, severity: Severity) -> Within:
        return Within.parse(getattr(self, severity.value))


class Deadlines(Sourced):
    """The table of times."""

    delete: StepRow
    apologise: StepRow
    correct: StepRow
    digital_unit_acknowledges: DeskRow
    line_manager_acknowledges: DeskRow
    triage_done: DeskRow
    advice_answered: DeskRow


class Acknowledgement(Sourced):
    """By which row of the table each desk acknowledges."""

    line_manager: Row
    digital_unit: Row
    fco_services: Row
    data_protection: Row
    media_office: Row
    hr: Row


class SeverityTable(Section):
    """The rules of severity, worst first."""

    rules: tuple[SeverityRule, ...]


class Guarded(Section):
    """When a case is guarded; any rule is enough."""

    rules: tuple[Rule, ...]


class HrSuggestion(Section):
    """When HR is suggested; one rule under `never` outweighs all others."""

    rules: tuple[Rule, ...]
    never: tuple[Rule, ...] = ()


class Alternate(Sourced):
    """Who holds a case when everyone at the digital unit is conflicted."""

    desk: Literal["media_office", "fco_services", "data_protection"]


class Reminder(Sourced):
    """What part of the time has gone when the one reminder is sent."""

    fraction: Annotated[float, Field(gt=0, lt=1, strict=True)]


class Repeat(Sourced):
    """How often a case that nobody has acknowledged is told again."""

    severities: frozenset[Severity]
    every_minutes: Minutes
    times: Count


class Escalation(Sourced):
    """Who is told when a step, or an acknowledgement, is overdue; what a desk decides goes by that desk's own row."""

    step: DeskTarget
    line_manager: ManagerTarget
    digital_unit: DeskTarget
    fco_services: DeskTarget
    data_protection: DeskTarget
    media_office: DeskTarget


class WorkingTime(Sourced):
    """The working day, and the days on which there is none."""

    day_starts: Hour
    day_ends: Hour
    desk_week: Annotated[WorkingWeek, PlainValidator(WorkingWeek.parse)]
    desk_zone: Annotated[StrictStr, AfterValidator(_zone)]
    bank_holidays: Literal["england-and-wales", "scotland", "northern-ireland"]
    extra_holidays: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _is_a_day(self) -> "WorkingTime":
        if self.day_starts >= self.day_ends:
            raise ValueError("the working day has to end after it starts")
        return self


class Contact(Section):
    """Whom to phone."""

    name: Text
    phone: Annotated[StrictStr, Field(pattern=r"^\+?[0-9][0-9 ]{4,24}$")]


class Contacts(Sourced):
    """The numbers that people are given."""

    security: Contact
    digital_unit: Contact
    media_office: Contact
    out_of_hours: Contact


class Referrals(Sourced):
    """The times of a fair process."""

    hearing_notice_hours: Annotated[StrictInt, Field(ge=1, le=8760)]
    companion_postponement: Stretch
    appeal_window: Stretch
    suspension_review: Stretch
    # A version that judged cases before these were asked for stays readable without.
    acceptance: Stretch = Within(working_days=5)
    appointment: Stretch = Within(working_days=5)
    fact_finding: Stretch = Within(working_days=20)
    hearing_reminder_hours: Annotated[StrictInt, Field(ge=1, le=8760)] = 24
    hearing_record: Stretch = Within(working_days=2)
    hearing_anew: Stretch = Within(working_days=5)
    decision: Stretch = Within(working_days=5)
    appeal_hearing: Stretch = Within(working_days=10)
    appeal_decision: Stretch = Within(working_days=5)
    closing: Stretch = Within(working_days=5)
    first_written_warning_months: Annotated[StrictInt, Field(ge=1, le=120)]
    final_written_warning_months: Annotated[StrictInt, Field(ge=1, le=120)]


class ReferralYears(Section):
    """Years that a referral is kept, by how it ended; for a warning they begin when it has expired."""

    returned: Years
    no_case: Years
    informal_advice: Years
    first_written_warning: Years
    final_written_warning: Years
    dismissal: Years
    other: Years


class Retention(Sourced):
    """Years that content is kept."""

    advice_years: Years
    case_years: Years
    read_log_years: Years
    referral_years: ReferralYears


class Playbook(Section):
    """A whole playbook. Every case pins the version that judged it."""

    version: Annotated[StrictStr, Field(pattern=r"^[0-9A-Za-z.-]+$", max_length=40)]
    severity: SeverityTable
    guarded: Guarded
    steps: tuple[StepRule, ...]
    deadlines: Deadlines
    acknowledgement: Acknowledgement
    routes: tuple[RouteRule, ...]
    alternate: Alternate
    hr_suggestion: HrSuggestion
    reminder: Reminder
    repeat: Repeat
    escalation: Escalation
    working_time: WorkingTime
    contacts: Contacts
    words: Words
    who_can_read: WhoCanRead
    # A version that judged cases before there was such a check stays readable without; a file has to have it.
    before_you_post: tuple[Question, ...] = ()
    referrals: Referrals
    retention: Retention

    @cached_property
    def working_hours(self) -> WorkingHours:
        """The working day and every date without one, ready for `deadlines.deadline`."""
        known = bank_holidays(self.working_time.bank_holidays)
        holidays = known | frozenset(self.working_time.extra_holidays)
        return WorkingHours(self.working_time.day_starts, self.working_time.day_ends, holidays)

    @property
    def reminder_fraction(self) -> float:
        """What part of a time has gone when its reminder is sent."""
        return self.reminder.fraction

    def minutes_for(self, step: StepKind, severity: Severity) -> int | None:
        """Minutes a step has from the moment its clock starts; none for the inform steps, which Amends does itself."""
        row: StepRow | None = getattr(self.deadlines, step.value, None)
        return row[severity] if row is not None else None

    def acknowledge_within(self, desk: DeskName, severity: Severity) -> Within | None:
        """How long a desk has to acknowledge, or nothing for a desk without such a clock."""
        row = getattr(self.acknowledgement, desk.value)
        if row == "none":
            return None
        table: DeskRow = getattr(self.deadlines, row)
        return table[severity]

    @property
    def desks_to_ask(self) -> tuple[DeskName, ...]:
        """The desks that a person may ask for advice."""
        return tuple(dict.fromkeys(route.desk for route in self.routes if route.asked))
