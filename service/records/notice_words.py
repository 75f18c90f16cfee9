"""The words for telling people: what they are told, what is asked of them, and how the timeline says who was told.

As in `words.py`: a word that people read is changed here, and only here.
"""

from collections.abc import Mapping

from service.records.enums import Kind, StepKind

# What happened, by the kind of entry.
NOTIFIED: Mapping[str, str] = {
    "informed": "Something was posted that needs putting right.",
    "sent": "A case was sent to you.",
    "manager_named": "You were named as the manager to tell.",
    "asked": "Something is asked of you.",
    "step_taken": "A step that you asked for is done.",
    "disclosed": "Something was raised about a post of yours.",
    "revealed": "Somebody was told who raised your concern.",
    "assigned": "A case was given to you.",
    "message": "There is a message for you.",
    "advised": "There is advice for you.",
    "step_cannot": "A step cannot be taken for now.",
    "referral_returned": "HR returned a referral.",
    "referral_proposed": "A manager proposes what to do about HR.",
    "withdrawal_asked": "Somebody asks to withdraw their report.",
    "closed": "A case is closed.",
    "reopened": "A case was opened again.",
    "held_by": "Your desk holds a case from now on.",
    "settled": "What you reported has been dealt with.",
    "said_same": "Somebody says that two of their reports are about the same.",
    "reminded": "Due soon: {due}.",
    "escalated": "Late: {due}.",
    "repeated": "A critical case is still waiting for somebody to read it.",
    "access_asked": "Somebody asks for all that is held about them.",
    "access_due": "What somebody asked to be given is due within days.",
    "access_late": "What somebody asked to be given is late.",
    "access_ready": "What is held about you is ready to fetch.",
    "many_read": "Somebody has read more than thirty cases within an hour.",
}
# Where a kind of case says it in another way: nobody who asks before posting has done anything wrong.
NOTIFIED_OF: Mapping[str, Mapping[str, str]] = {
    Kind.ADVICE: {
        "informed": "Somebody asks you something before they post.",
        "sent": "A question before posting was sent to you.",
        "assigned": "A question was given to you.",
        "advised": "Your question is answered.",
        "withdrawal_asked": "Somebody takes their question back.",
        "closed": "Your question is closed.",
        "reopened": "A question was opened again.",
        "held_by": "Your desk looks after a question from now on.",
        "settled": "What you asked has been answered.",
        "said_same": "Somebody says that two of their questions are the same.",
        "repeated": "A question about something dangerous or secret still waits for somebody to read it.",
    },
}
NOTIFIED_ELSE = "Something has changed in a case."

# What is asked of them, by the kind of entry; what is missing here only informs.
ASKS: Mapping[str, str] = {
    "informed": "Read it, then say: I have read this.",
    "sent": "Read it, then say: I have read this.",
    "manager_named": "Read it, then say: I have read this.",
    "held_by": "Read it, then say: I have read this.",
    "asked": "Do it, or say that you cannot.",
    "assigned": "Look after it from now on.",
    "step_cannot": "Help with the step, or settle it.",
    "referral_returned": "Read why, and decide again.",
    "referral_proposed": "Confirm it, or decide otherwise.",
    "withdrawal_asked": "Settle the steps, then close it.",
    "said_same": "Compare the two, and merge them if they are.",
    "reminded": "Do it now.",
    "escalated": "See that it is done.",
    "repeated": "Read it now, then say: I have read this.",
    "access_asked": "Look it through, then release it.",
    "access_due": "Look it through, then release it.",
    "access_late": "Release it now, or tell them why not.",
    "access_ready": "Fetch it within fourteen days.",
    "many_read": "See what they read, and ask them why.",
}
ASKS_OF: Mapping[str, Mapping[str, str]] = {
    Kind.ADVICE: {
        "informed": "Read it, then answer.",
        "sent": "Read it, then answer.",
        "withdrawal_asked": "Close it.",
        "repeated": "Read it now, then answer.",
    },
}
# The same where a clock has rung, by what is owed; of an acknowledgement whoever owes it.
REMINDED: Mapping[str, str] = {
    **dict.fromkeys(StepKind, "Do it now, or say that you cannot."),
    "acknowledge": "Read it, then say: I have read this.",
    "triage": "Look at it, and triage it.",
    "protection": "Decide, and say why.",
    "advice": "Answer it.",
}
ESCALATED: Mapping[str, str] = {
    **dict.fromkeys(StepKind, "Help with the step, or settle it."),
    "acknowledge": "Read it yourself, or see that somebody does.",
    "triage": "See that it is triaged.",
    "protection": "See that it is decided.",
    "advice": "Answer it yourself, or see that somebody does.",
}

OUTLASTS = frozenset({"referral_returned"})
"""What is asked of a case although it is closed: it was passed to HR, and came back."""

# On the timeline, as in `entry_words.ENTRIES`, where nobody is at the desk.
ENTRIES_NOBODY: Mapping[str, str] = {
    "reminded": "Nobody is at {desk} to be reminded: {due}.",
    "escalated": "This was late: {due}. Nobody is at {desk}. Amends told {told}.",
    "repeated": "Nobody had read it yet. Nobody is at {desk}. Amends told {told}.",
}
AMENDS = "Amends"
"""Who did what nobody did."""
# What Amends did by itself several times in a row: with a clock that rang among it, and without.
RUNS: Mapping[bool, str] = {True: "Amends reminded and told {count} times.", False: "Amends told {count} times."}
# Whom a clock has told, where they are not named: by the kind of entry and what was owed.
PARTS_TOLD: Mapping[str, Mapping[str, str]] = {
    "reminded": {"one": "whoever has the case", "several": "those who have the case"},
    "reminded.step": {"one": "the person who owes it", "several": "those who owe it"},
    "reminded.acknowledge.line_manager": {"one": "the line manager", "several": "the line managers"},
    "escalated": {"one": "the duty lead of {desk}", "several": "the duty leads of {desk}"},
    "escalated.acknowledge.line_manager": {"one": "the next manager up", "several": "the next managers up"},
    "repeated": {"one": "the next on duty at {desk}", "several": "the next on duty at {desk}"},
}
