"""The words of the field. Stored by value; shown to people by the tables in `words.py`."""

from enum import StrEnum


class Kind(StrEnum):
    """What a case is about."""

    MISTAKE = "mistake"
    CONCERN = "concern"
    ADVICE = "advice"


class About(StrEnum):
    """What a concern is about, as whoever raises it sees it."""

    COLLEAGUE = "colleague"
    OFFICIAL_ACCOUNT = "official_account"
    ME = "me"
    UNKNOWN = "unknown"


class Stage(StrEnum):
    """Where a case stands. `in_hand` means triaged."""

    REPORTED = "reported"
    IN_HAND = "in_hand"
    CLOSED = "closed"


class Severity(StrEnum):
    """How much harm could follow, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class StepKind(StrEnum):
    """What puts a mistake right."""

    DELETE = "delete"
    APOLOGISE = "apologise"
    CORRECT = "correct"
    INFORM_MANAGER = "inform_manager"
    INFORM_DIGITAL_UNIT = "inform_digital_unit"


class StepState(StrEnum):
    """Where a step stands. *Overdue* is never stored: it is `due` with its moment passed."""

    DUE = "due"
    TAKEN = "taken"
    WAIVED = "waived"
    HELD = "held"
    UNDECIDED = "undecided"
    NOT_NEEDED = "not_needed"


class DeskName(StrEnum):
    """Who a case can be routed to."""

    LINE_MANAGER = "line_manager"
    DIGITAL_UNIT = "digital_unit"
    HR = "hr"
    MEDIA_OFFICE = "media_office"
    FCO_SERVICES = "fco_services"
    DATA_PROTECTION = "data_protection"


class AccountType(StrEnum):
    """Whose voice the account speaks with; `work` is a personal account used for low-key work."""

    OFFICIAL = "official"
    WORK = "work"
    PERSONAL = "personal"


class Answer(StrEnum):
    """An answer to a plain question. On a safety question, unsure counts as yes."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


class Code(StrEnum):
    """What went wrong, in the policy's own divisions."""

    CONTRADICTS_POLICY = "contradicts_policy"
    POLITICALLY_PARTIAL = "politically_partial"
    DISREPUTE = "disrepute"
    CLASSIFIED_OR_PRIVILEGED = "classified_or_privileged"
    ILLEGAL_OR_INAPPROPRIATE = "illegal_or_inappropriate"
    CODE_OR_TERMS_BREACH = "code_or_terms_breach"
    NO_PRESS_LINE = "no_press_line"
    POLICY_INTERPRETATION = "policy_interpretation"
    MINISTERIAL_MOVEMENTS = "ministerial_movements"
    REBUTTAL = "rebuttal"
    OUTSIDE_EXPERTISE = "outside_expertise"
    ANNOUNCEMENT_ON_PERSONAL_ACCOUNT = "announcement_on_personal_account"
    FACTUAL_ERROR = "factual_error"
    OFFENSIVE_TO_AN_AUDIENCE = "offensive_to_an_audience"
    COPYRIGHT = "copyright"
    ADVERTISING = "advertising"
    PROTRACTED_ARGUMENT = "protracted_argument"
    PERSONAL_SAFETY = "personal_safety"
    SECURITY_CLEARANCE_MENTIONED = "security_clearance_mentioned"
    TERRORISM_OR_ESPIONAGE_RISK = "terrorism_or_espionage_risk"
    PERSONAL_DATA = "personal_data"
    WRONG_ACCOUNT = "wrong_account"
    RELEASED_EARLY = "released_early"
    ACCOUNT_COMPROMISED = "account_compromised"
    OTHER = "other"


class Verdict(StrEnum):
    """What the clearance framework says before something is posted."""

    GO_AHEAD = "go_ahead"
    ASK_FIRST = "ask_first"
    DO_NOT_POST = "do_not_post"


class Resolution(StrEnum):
    """How a case ended."""

    NO_FURTHER_ACTION = "no_further_action"
    ADVICE_GIVEN = "advice_given"
    TRAINING_AGREED = "training_agreed"
    REFERRED = "referred"
    UNFOUNDED = "unfounded"
    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"


class Ring(StrEnum):
    """What a clock does: remind whoever owes it, tell the next one up that it is late, tell one more person."""

    REMINDED = "reminded"
    ESCALATED = "escalated"
    REPEATED = "repeated"


class NoteAudience(StrEnum):
    """Who may read a note."""

    REPORTER = "reporter"
    LINE_MANAGER = "line_manager"
    DIGITAL_UNIT = "digital_unit"
    HR = "hr"


class Instead(StrEnum):
    """Why somebody is told in place of the manager first thought of; or as well, where that one is late."""

    DEPUTY = "deputy"
    MOVED_UP = "moved_up"
    SUBSTITUTE = "substitute"
    LATE = "late"


class Likeness(StrEnum):
    """What two reports of one post have in common."""

    LINK = "link"
    TEXT = "text"
    FILE = "file"
    ACCOUNT = "account"


class Employer(StrEnum):
    """Who employs a person; FCO Services has a social media policy of its own."""

    FCO = "fco"
    FCO_SERVICES = "fco_services"


class Engagement(StrEnum):
    """On what footing a person works here."""

    CIVIL_SERVANT = "civil_servant"
    LOCALLY_ENGAGED = "locally_engaged"
    CONTRACTOR = "contractor"
    SECONDEE = "secondee"
    SPECIAL_ADVISER = "special_adviser"


class Role(StrEnum):
    """What a person may see beyond desks and relations."""

    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class ReferralStage(StrEnum):
    """Where a referral to HR stands."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    FACT_FINDING = "fact_finding"
    INFORMAL = "informal"
    HEARING = "hearing"
    DECIDED = "decided"
    APPEALED = "appealed"
    CLOSED = "closed"


class AccessStage(StrEnum):
    """Where a request for all that is held about somebody stands."""

    GATHERING = "gathering"
    REVIEW = "review"
    PACKING = "packing"
    READY = "ready"
    DELETED = "deleted"


class Part(StrEnum):
    """What somebody is appointed to do in a referral; three different people, whatever happens."""

    INVESTIGATOR = "investigator"
    DECISION_MAKER = "decision_maker"
    APPEAL_HEARER = "appeal_hearer"


class FindingKind(StrEnum):
    """What the investigator found: facts on both sides."""

    ESTABLISHED = "established"
    NOT_ESTABLISHED = "not_established"
    MITIGATING = "mitigating"


class Outcome(StrEnum):
    """How a hearing ended, mildest first: an appeal may move towards the first, and never the other way.

    `other` stands beside dismissal, as what is put in its place: moved to another post, or down a grade.
    """

    NO_CASE = "no_case"
    INFORMAL_ADVICE = "informal_advice"
    FIRST_WRITTEN_WARNING = "first_written_warning"
    FINAL_WRITTEN_WARNING = "final_written_warning"
    OTHER = "other"
    DISMISSAL = "dismissal"


class LetterKind(StrEnum):
    """A letter that HR sends to the person a referral is about."""

    INFORMING = "informing"
    INVITATION = "invitation"
    OUTCOME = "outcome"
    APPEAL_OUTCOME = "appeal-outcome"


class PaperKind(StrEnum):
    """What went to and fro outside Amends, with somebody who has no access to it."""

    SERVED = "served"
    REPLY = "reply"


class Day(StrEnum):
    """The days of the week, in their order; kept as numbers, Monday as 0."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Notify(StrEnum):
    """How somebody wants to hear of what is not urgent. What is urgent reaches everybody at once."""

    AT_ONCE = "at_once"
    DIGEST = "digest"
    OFF = "off"


class Scope(StrEnum):
    """What an API token may do; never more than its owner."""

    READ = "read"
    WRITE = "write"
