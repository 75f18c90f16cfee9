"""The words for whoever is told of something: what happened, and what is asked of them.

As in `words.py`: a word that people read is changed here, and only here.
"""

from collections.abc import Mapping

from service.records.enums import StepKind

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
    "referral_decided": "A referral has arrived.",
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
}
NOTIFIED_ELSE = "Something has changed in a case."

# What is asked of them, by the kind of entry; what is missing here only informs.
ASKS: Mapping[str, str] = {
    "informed": "Read it, then acknowledge.",
    "sent": "Read it, then acknowledge.",
    "manager_named": "Read it, then acknowledge.",
    "held_by": "Read it, then acknowledge.",
    "asked": "Do it, or say that you cannot.",
    "assigned": "Look after it from now on.",
    "step_cannot": "Help with the step, or settle it.",
    "referral_decided": "Accept it, or return it with reasons.",
    "referral_proposed": "Confirm it, or decide otherwise.",
    "withdrawal_asked": "Settle the steps, then close it.",
    "said_same": "Compare the two, and merge them if they are.",
    "reminded": "Do it now.",
    "escalated": "See that it is done.",
    "repeated": "Read it now, then acknowledge.",
}
# The same where a clock has rung, by what is owed; of an acknowledgement whoever owes it.
REMINDED: Mapping[str, str] = {
    **dict.fromkeys(StepKind, "Do it now, or say that you cannot."),
    "acknowledge": "Read it, then acknowledge.",
    "triage": "Look at it, and triage it.",
    "protection": "Decide, and say why.",
}
ESCALATED: Mapping[str, str] = {
    **dict.fromkeys(StepKind, "Help with the step, or settle it."),
    "acknowledge": "Read it yourself, or see that somebody does.",
    "triage": "See that it is triaged.",
    "protection": "See that it is decided.",
}

OUTLASTS = frozenset({"referral_decided"})
"""What is asked for a referral, which goes on when the case that it came from is closed."""
