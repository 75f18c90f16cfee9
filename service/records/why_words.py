"""The plain words for why: why somebody is told of a case, why it is as bad as it is, why two reports are alike.

As in `words.py`: a word that people read is changed here, and only here.
"""

from collections.abc import Mapping

from service.records.enums import Instead, Likeness

# Why somebody was told, and why a case is as bad as it is, by the playbook's rule or by the deed.
BECAUSE: Mapping[str, str] = {
    "mistake.line_manager": "Line manager of the person who reported it.",
    "mistake.digital_unit": "They are told of every mistake, to help.",
    "mistake.fco_services": "FCO Services has its own policy, and this desk looks after it.",
    "mistake.official_account": "An official account is involved.",
    "mistake.alternate_desk": "Nobody at the desk that would hold it may see it, so this desk holds it.",
    "concern.digital_unit": "They are told of every concern.",
    "concern.alternate_desk": "Nobody at the desk that would hold it may see it, so this desk holds it.",
    "advice.line_manager": "Asked for advice.",
    "advice.media_office": "Asked for advice.",
    "advice.digital_unit": "Asked for advice.",
    "advice.alternate_desk": "Nobody at the desk that would hold it may see it, so this desk holds it.",
    "advice.nobody_asked": "Nobody was asked by name.",
    "personal_data.code": "Personal details of others are involved.",
    "personal_data.answer": "Personal details of others may be involved.",
    "sent": "The desk that holds the case sent it there.",
    "named": "Named as the manager to tell.",
    "late.nobody_there": "Nobody is at the desk that should have dealt with it.",
    "critical.code": "What went wrong is critical.",
    "critical.safety_answer": "It could put someone at risk, or may be classified.",
    "high.code": "What went wrong weighs heavily.",
    "high.personal_data_answer": "It may show personal details of others.",
    "high.media_interest": "Journalists are asking.",
    "high.official_account": "An official account said it.",
    "medium.conduct_rule": "A conduct rule may be involved.",
    "medium.official_account": "An official account is involved.",
    "medium.code": "What went wrong weighs a little more.",
    "low.everything_else": "Nothing makes it worse.",
    "guarded.safety_answer": "It could put someone at risk, or may be classified.",
    "guarded.code": "What went wrong must not be repeated.",
    "triage.severity": "Set at triage.",
}

# After that: why it is not the person first thought of. It gives away nobody's conflict.
INSTEAD: Mapping[str, str] = {
    Instead.DEPUTY: "They are away, so their deputy is told.",
    Instead.MOVED_UP: "The next manager up is told in their place.",
    Instead.SUBSTITUTE: "None is set, so the unit’s substitute is told.",
    Instead.LATE: "Nobody had read it in time, so the next manager up is told too.",
}

# How that is said to them, before the name of who reported it.
INSTEAD_MINE: Mapping[str, str] = {
    "manager": "because you manage",
    Instead.DEPUTY: "as the deputy of the line manager of",
    Instead.MOVED_UP: "in place of the line manager of",
    Instead.SUBSTITUTE: "because no line manager is set for",
    Instead.LATE: "because the line manager has not yet read the report of",
}

# What two reports have in common, to the desk, and to somebody who reported both: before a moment.
ALIKE: Mapping[str, str] = {
    Likeness.LINK: "the same link",
    Likeness.TEXT: "the same words",
    Likeness.FILE: "the same file",
    Likeness.ACCOUNT: "the same account within a day",
}
ALIKE_MINE: Mapping[str, str] = {
    Likeness.LINK: "You reported this link",
    Likeness.TEXT: "You reported a post with these words",
    Likeness.FILE: "You reported a post with this picture or file",
    Likeness.ACCOUNT: "You reported a post on this account",
}
