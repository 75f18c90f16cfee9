"""The plain words of the HR room: gates and the rules they come from, what happened, what is owed.

As in `words.py`: a word that people read is changed here, and only here.
"""

from collections.abc import Mapping

from service.records.enums import FindingKind, LetterKind, Outcome, PaperKind, Part, ReferralStage

OUTCOMES: Mapping[str, str] = {
    Outcome.NO_CASE: "No case to answer",
    Outcome.INFORMAL_ADVICE: "Informal advice",
    Outcome.FIRST_WRITTEN_WARNING: "First written warning",
    Outcome.FINAL_WRITTEN_WARNING: "Final written warning",
    Outcome.OTHER: "Something else in place of dismissal",
    Outcome.DISMISSAL: "Dismissal",
}
ENDED: Mapping[str, str] = {"returned": "Returned to the desk", **OUTCOMES}
"""How a referral ended, as `[retention.referral_years]` names it."""
APPOINTED: Mapping[str, str] = {
    Part.INVESTIGATOR: "Investigator",
    Part.DECISION_MAKER: "Decision-maker",
    Part.APPEAL_HEARER: "Appeal hearer",
}
FINDINGS: Mapping[str, str] = {
    FindingKind.ESTABLISHED: "Established",
    FindingKind.NOT_ESTABLISHED: "Not established",
    FindingKind.MITIGATING: "Speaks for the person",
}
PAPERS: Mapping[str, str] = {
    PaperKind.SERVED: "Handed over outside Amends",
    PaperKind.REPLY: "Reply of the person",
}
LETTERS: Mapping[str, str] = {
    LetterKind.INFORMING: "What is alleged",
    LetterKind.INVITATION: "Your invitation to a hearing",
    LetterKind.OUTCOME: "The outcome",
    LetterKind.APPEAL_OUTCOME: "The outcome of your appeal",
}

PROTECTED = "protected activity: whistleblowing, union membership, belief or expression"
"""What nobody may be treated worse for, in the words that stand wherever it is read first."""
# What is not met, and the rule that asks for it.
GATES: Mapping[str, str] = {
    "subject": "Nobody knows yet whose post it is. Return it, so that the desk can name them. (Acas code, paragraph 9)",
    "paused": "This referral is paused. Go on with it first. (Our own rule)",
    "informed": "Inform the person first: tell them in writing what is alleged. (Acas code, paragraph 9)",
    "findings": "Record which facts are established, or are not. (Acas code, paragraph 5)",
    "both_sides": "Record what speaks for the person as well. (Acas guide: evidence on both sides)",
    "investigator": "Appoint an investigator who has no other part in this. (Acas code, paragraph 6)",
    "decision_maker": "Appoint somebody else to decide, who has no other part in this. (Acas code, paragraph 6)",
    "appeal_hearer": "Appoint somebody who was not involved before to hear the appeal. (Acas code, paragraph 27)",
    "invited": "Invite the person to the hearing in writing. (Acas code, paragraphs 9 to 11)",
    "hearing_at": "The hearing has not begun yet. Record it once it was held. (Acas code, paragraph 12)",
    "heard": "Hold the hearing, and record it. (Acas code, paragraph 12)",
    "called": "The person is called to a hearing on what was found. Nothing is added to that. (Acas code, paragraph 9)",
    "heard_already": "The hearing was held, and is recorded: it is held once. (Our own rule)",
    "considered": f"Confirm that you looked at whether it was {PROTECTED}. "
    "(Equality Act 2010 and Employment Rights Act 1996)",
    "appeal_by": "The time for an appeal has passed. (Our own rule, as the decision said)",
    "appeal_open": "The person may still appeal. Close it when their time is over. (Acas code, paragraph 26)",
    "appeal_invited": "Invite the person to the hearing of their appeal. (Acas code, paragraph 27)",
    "appeal_heard": "Hold the hearing of the appeal, and record it. (Acas code, paragraph 27)",
    "appeal_decided": "Decide the appeal first. (Acas code, paragraph 29)",
    "appeal_decided_already": "The appeal is decided: it is decided once. (Our own rule)",
    "suspended": "End the suspension first. (Acas guide: as short as possible)",
    "nobody_suspended": "Nobody is suspended. One that runs can be reviewed now, and none begins. (Our own rule)",
}
# The same as a checklist: what is to be true, and the rule.
CHECKS: dict[str, str] = {
    "subject": "It is known whose post it is (Acas code, paragraph 9)",
    "paused": "It is not paused (our own rule)",
    "informed": "The person was told in writing what is alleged (Acas code, paragraph 9)",
    "findings": "It is recorded what is established, or is not (Acas code, paragraph 5)",
    "both_sides": "What speaks for the person is recorded too (Acas guide)",
    "investigator": "An investigator with no other part in it (Acas code, paragraph 6)",
    "decision_maker": "Somebody else decides, with no other part in it (Acas code, paragraph 6)",
    "appeal_hearer": "Somebody new hears the appeal (Acas code, paragraph 27)",
    "invited": "The person was invited in writing, with notice (Acas code, paragraphs 9 to 11)",
    "heard": "The hearing was held and recorded (Acas code, paragraph 12)",
    "considered": f"It was looked at whether this was {PROTECTED} (Equality Act 2010, Employment Rights Act 1996)",
    "appeal_open": "The time for an appeal is over (Acas code, paragraph 26)",
    "appeal_invited": "The person was invited to the hearing of their appeal (Acas code, paragraph 27)",
    "appeal_heard": "The hearing of the appeal was held and recorded (Acas code, paragraph 27)",
    "appeal_decided": "The appeal is decided (Acas code, paragraph 29)",
    "suspended": "Nobody is suspended any more (Acas guide)",
}
# The same while it is not met, where it would say that it is.
TO_DO: dict[str, str] = {
    "paused": "Go on with it first: it is paused (our own rule)",
    "suspended": "End the suspension first (Acas guide)",
    "appeal_open": "Wait until the time for an appeal is over (Acas code, paragraph 26)",
}
# What is said of a referral where something is not open at its stage.
CLOSED_TO: Mapping[ReferralStage, str] = {
    ReferralStage.RECEIVED: "HR has not accepted this referral yet.",
    ReferralStage.ACCEPTED: "This referral is accepted, and nobody investigates it yet.",
    ReferralStage.RETURNED: "This referral was returned.",
    ReferralStage.FACT_FINDING: "The facts of this referral are being found.",
    ReferralStage.INFORMAL: "This referral was settled informally.",
    ReferralStage.HEARING: "This referral waits for its hearing, or for the decision after it.",
    ReferralStage.DECIDED: "This referral is decided.",
    ReferralStage.APPEALED: "This referral is under appeal.",
    ReferralStage.CLOSED: "This referral is closed.",
}

# What an invitation always says, whatever else is written in it.
CONSEQUENCES = "The hearing can end in: {outcomes}."
ACCOMPANIED = (
    "You have the right to be accompanied by a colleague, or by a trade union representative or official. If they "
    "cannot come at that time, the hearing can be put off by up to five working days."
)
ROOM_SAYS: Mapping[str, str] = {
    "nothing_stated": "Nothing is stated yet.",
    "no_count": "this does not count any more",
    "no_hearing": "this hearing does not take place",
    "in_vain": "this hearing does not count any more",
    "moved": "the hearing was put off since, so this gives an earlier time",
    "called_anew": "This does not count any more. A hearing is called anew.",
    "protected": "Whistleblowing, union membership, belief or expression. Nobody may be treated worse for these.",
    "neutral": "A suspension is a neutral act, with full pay. It is no sign that anything has been decided.",
}

# What the person a referral is about can be told of it.
DISCLOSED: Mapping[str, str] = {
    "allegation": "What is alleged",
    "rules": "The rules it may go against",
    "reason": "Why it was referred",
    "mitigation": "What counts in their favour",
    "steps_taken": "What was done to put it right",
    "evidence": "The list of evidence",
    "findings": "What was found",
    "hearing": "The hearing",
    "outcome": "The outcome",
    "appeal": "The appeal",
    "suspension": "The suspension",
}

# The same of what is given to somebody who asks what is held about them.
HELD_OF_REFERRAL: Mapping[str, str] = {
    "received": "HR received it",
    "informed": "What HR wrote to you",
    "subject_told": "What you had been told, as HR received it",
    "considered_text": f"Whether it was {PROTECTED}",
    "paused_because": "Why it was paused",
    "returned_because": "Why it was returned",
    "hearing_notes": "Notes of the hearing",
    "paper": "The paper itself",
    "present": "Named as present at a hearing about somebody else",
}

# What a referral lacks before HR can take it up, by field.
READY: Mapping[str, str] = {
    "steps": "{step}: this is not done yet. What was put right counts in their favour.",
    "allegation": "Say what is alleged, in one or two sentences.",
    "rules": "Choose the rules it may go against.",
    "mitigation": "Say what counts in their favour, or that nothing is known.",
    "subject_told": "Say what the person has been told.",
    "evidence": "Choose the evidence that HR should have.",
    "conflict_check": "Check that nobody who handles this has a part in it.",
}

# The next thing to do (`referrals/ahead.py`), which stands at the top.
ROOM_NEXT: Mapping[str, str] = {
    "accept": "Accept this referral, or return it",
    "appoint": "Appoint people",
    "inform_subject": "Tell the person in writing what is alleged",
    "record_finding": "Record what you find, on both sides",
    "invite": "Invite the person to the hearing",
    "wait_for_hearing": "Wait for the hearing",
    "hear": "Record the hearing",
    "consider": f"Confirm that you looked at whether it was {PROTECTED}",
    "decide": "Decide",
    "decide_appeal": "Decide the appeal",
    "resume": "Go on with it",
    "wait_for_appeal": "Wait until the time for an appeal is over",
    "end_suspension": "End the suspension",
    "close": "Close the referral",
}

# What each box of the room's forms asks, by the form's address: on the form, and where something is missing in it.
_WHEN = {"how": "How?", "at": "When was that?"}
ROOM_ASKS: Mapping[str, Mapping[str, str]] = {
    "return": {"reason": "Why do you return it?"},
    "appoint": APPOINTED,
    "inform-subject": {"text": "What do you write to the person?"},
    "record-finding": {
        "kind": "What kind of finding is it?",
        "text": "What did you find?",
        "evidence": "Evidence for it",
    },
    "informal": {"reason": "How is it settled, and why?"},
    "invite": {
        "hearing_at": "When is the hearing?",
        "place": "Where is it?",
        "text": "What else do you write? (optional)",
    },
    "postpone": {"hearing_at": "What is the new time?", "reason": "Why?"},
    "hear": {"held_at": "When did it begin?", "present": "Who was there?", "notes": "What was said?"},
    "consider": {"text": "What did you consider?"},
    "decide": {"outcome": "What do you decide?", "reason": "Why?"},
    "appeal": {"grounds": "On what grounds?"},
    "decide-appeal": {"upheld": "Is the appeal upheld?", "outcome": "Then the outcome is", "reason": "Why?"},
    "notes": {"text": "Note"},
    "conflict": {"person": "Their work e-mail address", "reason": "Why?"},
    "take-back-conflict": {"person": "Whose is it?", "reason": "Why was it an error?"},
    "pause": {"reason": "Why is it paused?"},
    "suspend": {"reason": "Why is it needed?", "review_at": "When do you look at it again?"},
    "serve": {"text": "What did you hand over?", **_WHEN},
    "reply": {"text": "What did they say?", **_WHEN},
    "copy": {"from_case": "What do you copy from the case?"},
    "purge": {"fields": "What to destroy", "reason": "Why?"},
    "take-out": {"words": "A name, or words"},
    "disclose": {"facts": "What may the person read?"},
    "evidence": {"file": "Screenshot or file"},
}
ASKED_OF_SUBJECT: Mapping[str, Mapping[str, str]] = {
    "appeal": {"grounds": "Why do you appeal?"},
    "answer": {"text": "What do you want to tell HR?"},
}
"""The same on the page of the person it is about."""

# What is owed in a referral, for the list and for reminders.
OWED: Mapping[str, str] = {
    "acceptance": "accept or return the referral",
    "appointment": "appoint an investigator",
    "fact_finding": "invite the person to a hearing, or settle it informally",
    "hearing": "hold the hearing, and record it",
    "invitation": "invite the person again",
    "decision": "decide",
    "appeal_window": "the time for an appeal ends",
    "appeal": "invite the person to the hearing of their appeal",
    "appeal_hearing": "hold the hearing of the appeal, and record it",
    "appeal_decision": "decide the appeal",
    "close": "close the referral",
    "suspension": "review the suspension",
    "warning": "the warning ends",
}

# The lines of the picture of a referral's life, beside its stages and its people.
PICTURE: Mapping[str, str] = {
    "paused": "Paused",
    "suspended": "Suspended, on full pay",
    "hearing_stage": "Called to a hearing",
    "informed": "The person was told in writing",
    "findings": "Findings",
    "postponed": "Hearing moved",
    "hearing": "The hearing itself",
    "outcome": "Decision",
    "appeal_hearing": "Hearing of the appeal",
    "appeal_outcome": "Decision on the appeal",
    "letters": "Letters to the person",
    "papers": "Papers handed over, and replies",
    "appeal_window": "Time for an appeal",
    "warning": "The warning is live",
}
