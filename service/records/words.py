"""The plain words for every value of `enums.py`, for pages, papers, sentences and refusals alike.

A word that people read is changed here, and only here. Each dictionary has exactly the values of its enum, and what is
named beside them (`tests/rules/test_words.py`). Codes have theirs in `code_words.py`; what a recorded field is called
stands in `field_words.py`. A name that ends in `_mine` is how it is said to the person who reports; the others are for
everybody who looks at a case.
"""

from collections.abc import Mapping

from service.records.enums import (
    About,
    AccountType,
    Answer,
    DeskName,
    Employer,
    Engagement,
    Kind,
    NoteAudience,
    ReferralStage,
    Resolution,
    Role,
    Severity,
    Stage,
    StepKind,
    StepState,
    Verdict,
)

KINDS: Mapping[str, str] = {
    Kind.MISTAKE: "Mistake",
    Kind.CONCERN: "Concern",
    Kind.ADVICE: "Advice",
}

# In the title of a case of which nothing more is known.
UNTITLED: Mapping[str, str] = {
    Kind.MISTAKE: "A mistake",
    Kind.CONCERN: "A concern",
    Kind.ADVICE: "A question before posting",
}

# What a concern is about, to whoever raises it and to the desk.
ABOUTS: Mapping[str, str] = {
    About.COLLEAGUE: "A post by a colleague",
    About.OFFICIAL_ACCOUNT: "A post on an official account",
    About.ME: "A post that is aimed at me",
    About.UNKNOWN: "I do not know whose account it is",
}

# Where a concern stands, to whoever raised it: no more than that.
STATUSES: Mapping[str, str] = {
    Stage.REPORTED: "received",
    Stage.IN_HAND: "being looked at",
    Stage.CLOSED: "closed",
}
# A case that is read in part, by the part.
PARTS: Mapping[str, str] = {
    "raiser": "A concern that you raised",
    "asked": "Something is asked of you",
    "subject": "Something was raised about a post of yours",
}

# To whoever raised a concern in confidence, once somebody was told that it was them; the reason follows.
REVEALED: Mapping[str, str] = {
    "hr": "Somebody in HR was told that it was you who raised this. They gave this reason:",
    "desk": "The lead of the desk that looks at this was told that it was you who raised it. They gave this reason:",
}
# The same on their page, in a line; by who was told.
KNOWS_WHO: Mapping[str, str] = {
    "desk": "The lead of the desk knows.",
    "hr": "Somebody in HR knows.",
    "desk hr": "The lead of the desk and somebody in HR know.",
}
DESTROYED = "These words were destroyed."
# Who did something in a concern, where they are not named: who works on it is not for its parties.
WHO_DID: Mapping[str, str] = {"desk": "The desk that looks at it", "raiser": "The person who raised it"}

# What somebody can be asked for where a concern was raised; the rest Amends does itself.
ASKABLE: Mapping[str, str] = {
    StepKind.DELETE: "Delete the post",
    StepKind.APOLOGISE: "Say sorry in public",
    StepKind.CORRECT: "Correct what was wrong",
}

# Of a file that was sent in confidence, to everybody but its sender.
DETAILS: Mapping[str, str] = {
    "taken_out": "You get the picture alone. Where, when and with what it was taken is left out. "
    "The fingerprint is of the original, which is kept.",
    "left_in": "Take care: a file like this can say who made it or sent it. Open it only if you have to.",
}

STAGES: Mapping[str, str] = {
    Stage.REPORTED: "Reported",
    Stage.IN_HAND: "In hand",
    Stage.CLOSED: "Closed",
}

SEVERITIES: Mapping[str, str] = {
    Severity.CRITICAL: "Critical",
    Severity.HIGH: "High",
    Severity.MEDIUM: "Medium",
    Severity.LOW: "Low",
}

STEPS: Mapping[str, str] = {
    StepKind.DELETE: "Delete the post",
    StepKind.APOLOGISE: "Say sorry in public",
    StepKind.CORRECT: "Post the right facts",
    StepKind.INFORM_MANAGER: "Tell the line manager",
    StepKind.INFORM_DIGITAL_UNIT: "Tell the digital unit",
}
STEPS_MINE: Mapping[str, str] = {**STEPS, StepKind.INFORM_MANAGER: "Tell your line manager"}

# What is owed next, where a word or two must do.
DUES: Mapping[str, str] = {
    StepKind.DELETE: "delete",
    StepKind.APOLOGISE: "apologise",
    StepKind.CORRECT: "correct",
    StepKind.INFORM_MANAGER: "tell the manager",
    StepKind.INFORM_DIGITAL_UNIT: "tell the digital unit",
    "triage": "triage",
    "protection": "decide who must be told",
    f"advice.{DeskName.LINE_MANAGER}": "manager to answer",
    f"advice.{DeskName.DIGITAL_UNIT}": "digital unit to answer",
    f"advice.{DeskName.MEDIA_OFFICE}": "Media Office to answer",
    f"acknowledge.{DeskName.LINE_MANAGER}": "manager to read it",
    f"acknowledge.{DeskName.DIGITAL_UNIT}": "digital unit to read it",
    f"acknowledge.{DeskName.HR}": "HR to read it",
    f"acknowledge.{DeskName.MEDIA_OFFICE}": "Media Office to read it",
    f"acknowledge.{DeskName.FCO_SERVICES}": "FCO Services to read it",
    f"acknowledge.{DeskName.DATA_PROTECTION}": "data protection to read it",
}
# The same to whom it is asked.
DUES_MINE: Mapping[str, str] = {
    f"advice.{DeskName.LINE_MANAGER}": "answer it",
    f"acknowledge.{DeskName.LINE_MANAGER}": "read it",
}

OVERDUE = "overdue"
"""*Due* with its moment passed: never stored, always shown."""
STEP_STATES: Mapping[str, str] = {
    StepState.DUE: "To do",
    OVERDUE: "Late",
    StepState.TAKEN: "Done",
    StepState.WAIVED: "Not needed",
    StepState.HELD: "On hold",
    StepState.UNDECIDED: "Not decided yet",
    StepState.NOT_NEEDED: "Not needed",
}

FILE_KINDS: Mapping[str, str] = {
    "image/png": "Picture (PNG)",
    "image/jpeg": "Picture (JPEG)",
    "image/webp": "Picture (WebP)",
    "image/gif": "Picture (GIF)",
    "application/pdf": "PDF",
    "text/plain": "Text",
    "message/rfc822": "E-mail",
    "video/mp4": "Film (MP4)",
}
"""What a file is, by its media type; no other is taken in."""
DESKS: Mapping[str, str] = {
    DeskName.LINE_MANAGER: "Line manager",
    DeskName.DIGITAL_UNIT: "Digital Transformation Unit",
    DeskName.HR: "Human Resources",
    DeskName.MEDIA_OFFICE: "Media Office",
    DeskName.FCO_SERVICES: "FCO Services desk",
    DeskName.DATA_PROTECTION: "Data protection team",
}
# In the middle of a sentence.
THE_DESKS: Mapping[str, str] = {
    DeskName.LINE_MANAGER: "the line manager",
    DeskName.DIGITAL_UNIT: "the digital unit",
    DeskName.HR: "HR",
    DeskName.MEDIA_OFFICE: "the Media Office",
    DeskName.FCO_SERVICES: "the FCO Services desk",
    DeskName.DATA_PROTECTION: "the data protection team",
}

ACCOUNT_TYPES: Mapping[str, str] = {
    AccountType.OFFICIAL: "Official account",
    AccountType.WORK: "Personal account used for work",
    AccountType.PERSONAL: "Personal account",
}
ACCOUNT_TYPES_MINE: Mapping[str, str] = {**ACCOUNT_TYPES, AccountType.WORK: "My own account, used for work"}
# In the title of a case: "Wrong account · official X".
ACCOUNT_TYPES_SHORT: Mapping[str, str] = {
    AccountType.OFFICIAL: "official",
    AccountType.WORK: "work-related",
    AccountType.PERSONAL: "personal",
}
ACCOUNT_HINTS: Mapping[str, str] = {
    AccountType.OFFICIAL: "It speaks for the department, an embassy or an ambassador.",
    AccountType.WORK: "Your name, but you post about your work there.",
    AccountType.PERSONAL: "Your private life. You may still be known as staff.",
}

# What is asked before all else.
SAFETY: Mapping[str, str] = {
    "safety_risk": "Could it put someone at risk?",
    "possibly_classified": "Might it hold classified or privileged material?",
    "personal_data": "Does it show personal details of other people?",
}
ANSWERS: Mapping[str, str] = {
    Answer.YES: "Yes",
    Answer.NO: "No",
    Answer.UNSURE: "Not sure",
}

RESOLUTIONS: Mapping[str, str] = {
    Resolution.NO_FURTHER_ACTION: "Put right, nothing more to do",
    Resolution.ADVICE_GIVEN: "Advice given",
    Resolution.TRAINING_AGREED: "Training agreed",
    Resolution.REFERRED: "Passed to HR",
    Resolution.UNFOUNDED: "Nothing needed putting right",
    Resolution.DUPLICATE: "Same as another case",
    Resolution.WITHDRAWN: "Withdrawn",
}

# The digital unit reads what was once sent to it, also where a conflict of its own made another desk hold the case.
_HOLDERS = {
    holder: desk
    if holder in (DeskName.DIGITAL_UNIT, DeskName.FCO_SERVICES)
    else f"{desk}, anyone at the digital unit without a conflict"
    for holder, desk in THE_DESKS.items()
}
# Who may read a note, by the desk that holds the case: what is for that desk is called after it.
NOTE_AUDIENCES_OF: Mapping[str, Mapping[str, str]] = {
    holder: {
        NoteAudience.REPORTER: "The reporter, the line manager and the desks",
        NoteAudience.LINE_MANAGER: f"The line manager, {desk} and HR",
        NoteAudience.DIGITAL_UNIT: f"Only {desk}",
        NoteAudience.HR: "Only HR",
    }
    for holder, desk in _HOLDERS.items()
}

# Where the questions before posting end, as it is said to whoever wants to post.
VERDICTS: Mapping[str, str] = {
    Verdict.GO_AHEAD: "Go ahead",
    Verdict.ASK_FIRST: "Ask first",
    Verdict.DO_NOT_POST: "Do not post it",
}
# Who answers a question before posting, to whoever asks it.
THE_DESKS_MINE: Mapping[str, str] = {**THE_DESKS, DeskName.LINE_MANAGER: "your line manager"}

# For whom a PDF is made: after "For".
PDF_AUDIENCES: Mapping[str, str] = {
    "reporter": "the person who reported it",
    "subject": "the person whose post it is",
    "line_manager": THE_DESKS[DeskName.LINE_MANAGER],
    "digital_unit": "the desk that has the case",
    "hr": THE_DESKS[DeskName.HR],
    "adviser": "whoever was asked",
}

EMPLOYERS: Mapping[str, str] = {
    Employer.FCO: "FCO",
    Employer.FCO_SERVICES: "FCO Services",
}

ENGAGEMENTS: Mapping[str, str] = {
    Engagement.CIVIL_SERVANT: "Civil servant",
    Engagement.LOCALLY_ENGAGED: "Locally engaged",
    Engagement.CONTRACTOR: "Contractor",
    Engagement.SECONDEE: "On secondment",
    Engagement.SPECIAL_ADVISER: "Special adviser",
}

ROLES: Mapping[str, str] = {
    Role.AUDITOR: "Auditor",
    Role.ADMINISTRATOR: "Administrator",
}

REFERRAL_STAGES: Mapping[str, str] = {
    ReferralStage.RECEIVED: "Received",
    ReferralStage.ACCEPTED: "Accepted",
    ReferralStage.RETURNED: "Sent back",
    ReferralStage.FACT_FINDING: "Finding the facts",
    ReferralStage.INFORMAL: "Settled informally",
    ReferralStage.HEARING: "Hearing",
    ReferralStage.DECIDED: "Decided",
    ReferralStage.APPEALED: "Appealed",
    ReferralStage.CLOSED: "Closed",
}

# Why a step cannot be taken: what is chosen on a guarded case, where words are closed.
CANNOT_REASONS: Mapping[str, str] = {
    "lost_access": "access to the account is lost",
    "scheduled_tool": "a scheduling tool posted it and it cannot be reached",
    "reposted": "other people have copied or reposted it",
    "hacked": "somebody else controls the account",
    "other": "another reason",
}
CANNOT_REASONS_MINE: Mapping[str, str] = {
    "lost_access": "I have lost access to the account",
    "scheduled_tool": "A scheduling tool posted it and I cannot get in",
    "reposted": "Other people have copied or reposted it",
    "hacked": "Somebody else controls the account",
    "other": "Another reason",
}

PROTECTION_QUESTIONS: Mapping[str, str] = {
    "regulator": "Tell the regulator",
    "affected": "Tell the people affected",
}
