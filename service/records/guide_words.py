"""The words for a line manager: what a case is about in a sentence, and how to have the conversation that follows.

They are our own. Nothing here tells a manager to judge or to look for fault: they are asked to read, and to help.
"""

from collections.abc import Mapping

from service.records.enums import AccountType, Instead

# In the middle of a sentence: "told us about a post on …".
ON_ACCOUNTS: Mapping[str, str] = {
    AccountType.OFFICIAL: "an official account",
    AccountType.WORK: "their own account, which they use for work",
    AccountType.PERSONAL: "their own account",
}

# Who talks to them, by why it is this manager who was told; `manager` where it is their own.
WHO_TALKS: Mapping[str, str] = {
    "manager": "You are their manager, so you are the one who talks to them. Today is best, even for five minutes.",
    Instead.DEPUTY: "You stand in while their manager is away. Talk to them today, even for five minutes.",
    Instead.MOVED_UP: "You are told in place of their manager. Ask the desk first who talks to them.",
    Instead.SUBSTITUTE: "No line manager is set for them. Talk to them today, or ask the desk who does.",
    Instead.LATE: "Their manager has not read this yet. Find out who talks to them today: their manager, or you.",
}

# The conversation, in the order in which it goes: a heading, and its sentences.
GUIDE: Mapping[str, tuple[str, ...]] = {
    "Thank them first": (
        "They told us by themselves. Say that you are glad they did.",
        "Say that a report is not a finding of misconduct.",
    ),
    "Ask": (
        "How are you?",
        "Is anything still to be done that I can help with?",
        "What would help you now: time, a second pair of eyes, somebody to talk to?",
        "What would make it easier to get right next time?",
    ),
    "Leave out": (
        "Do not ask who is to blame, and do not look for reasons to be angry.",
        "Do not promise how it will end. That is not yours to decide.",
        "Do not tell colleagues. Only people who are named on this page know.",
        "Do not look for the post, and do not repeat what it said.",
    ),
}

# The same where somebody else raised it: they may not know of it, and nobody is to be found out.
GUIDE_CONCERN: Mapping[str, tuple[str, ...]] = {
    "Before you talk": (
        "Do what the desk asks of you above, and no more than that.",
        "They may not know of this yet. Ask the desk, in a note, what you may say.",
        "Say that a concern is not a finding of misconduct.",
    ),
    "Ask": (
        "How do you see it?",
        "Is anything still to be done that I can help with?",
        "What would help you now: time, a second pair of eyes, somebody to talk to?",
    ),
    "Leave out": (
        "Do not ask or guess who raised it. Nobody may be treated worse for that.",
        "Do not promise how it will end. That is not yours to decide.",
        "Do not tell colleagues. Only people who are named on this page know.",
        "Do not look for the post, and do not repeat what it said.",
    ),
}
AFTERWARDS_CONCERN: tuple[str, ...] = (
    "{holder} decides what happens next, and tells them what they have to know.",
    "You need not do anything until somebody asks you. If they do, you get a message.",
    "You can come back to this page at any time. What is new stands here.",
)

# What happens next, before and after it was read; `{holder}` is the desk that has the case.
AFTERWARDS: tuple[str, ...] = (
    "{holder} checks what was done, and gives advice.",
    "You need not do anything until somebody asks you. If they do, you get a message.",
    "You can come back to this page at any time. What is new stands here.",
)

HELP: tuple[str, ...] = (
    "If they are upset, or you are worried about them: stay with them, and phone HR or your welfare service.",
    "If the post could put somebody at risk, or something must happen right now: phone.",
)
