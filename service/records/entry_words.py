"""The plain words for what happened to a case: one sentence for each kind of entry of its timeline."""

from collections.abc import Mapping

from service.records.enums import Kind

# What happened, by the kind of entry; who and when stand beside it.
ENTRIES: Mapping[str, str] = {
    "reported": "Reported.",
    "informed": "Amends told {desk}.",
    "not_informed": "No line manager could be told.",
    "facts_changed": "Changed what is known about the post.",
    "judged_again": "The playbook was applied again{severity}.",
    "judged": "The playbook was applied.",
    "subject_set": "Whose post it is was noted.",
    "asked": "Somebody was asked for a step.",
    "disclosed": "The person whose post it is was told something of this.",
    "revealed": "Was told who raised this.",
    "step_taken": "{step}: done.",
    "step_cannot": "{step}: not possible for now.",
    "step_waived": "{step}: not needed.",
    "step_verified": "{step}: checked.",
    "step_released": "{step}: no longer on hold.",
    "acknowledged": "Read for {desk}.",
    "triaged": "Triaged.",
    "assigned": "Assigned.",
    "sent": "Sent to {desk}.",
    "manager_named": "A manager was named and told.",
    "exposure_changed": "Updated how far the post has gone.",
    "opened": "Opened the fields of this guarded case.",
    "purged": "Destroyed content that should not be kept here.",
    "advised": "Gave advice.",
    "message": "Wrote a message.",
    "note_reporter": "Wrote a note for everybody on the case.",
    "note_line_manager": "Wrote a note for the line manager.",
    "note_digital_unit": "Wrote a note for the desk.",
    "note_hr": "Wrote a note for HR.",
    "evidence_added": "Added evidence.",
    "referral_proposed": "Proposed whether to refer it to HR.",
    "referral_decided": "Decided whether to refer it to HR.",
    "referral_returned": "HR returned the referral. It is to be decided again.",
    "protection_decided": "Made a data protection decision.",
    "conflict_named": "Named a conflict of interest.",
    "withdrawal_asked": "Asked to withdraw the report.",
    "closed": "Closed.",
    "resolved": "Recorded how it ended.",
    "hr_judged": "The playbook looked at whether HR should know.",
    "held_by": "Another desk holds the case from now on.",
    "reopened": "Opened again.",
    "reminded": "Amends reminded {told}: {due}.",
    "escalated": "This was late: {due}. Amends told {told}.",
    "repeated": "Nobody had read it yet. Amends told {told}.",
    "merged": "Another report of the same was joined to this case.",
    "parted": "A report that was joined to this case stands by itself again.",
    "settled": "What was reported here has been dealt with.",
    "hold_placed": "Kept for legal reasons from now on.",
    "hold_released": "No longer kept for legal reasons.",
    "disposal_approved": "Approved that what it holds is destroyed.",
    "disposal_stopped": "It is kept after all.",
    "disposed": "What it held was destroyed.",
    "said_same": "Said that two of their own reports are about the same.",
}
# Where a kind of case says it in another way: nobody who asks before posting has done anything wrong.
ENTRIES_OF: Mapping[str, Mapping[str, str]] = {
    Kind.ADVICE: {
        "reported": "Asked before posting.",
        "informed": "Amends asked {desk}.",
        "not_informed": "No line manager could be asked.",
        "facts_changed": "Changed the question.",
        "advised": "Answered.",
        "withdrawal_asked": "Took the question back.",
        "settled": "What was asked here has been answered.",
    },
}
# The same for a reader who learns only that it happened.
HAPPENED: Mapping[str, str] = {
    kind: said.format(desk="somebody", step="A step", severity="", due="something is due", told="somebody")
    for kind, said in ENTRIES.items()
}
