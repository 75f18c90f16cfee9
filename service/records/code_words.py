"""The plain words for what went wrong: as a desk says each code, and as a reporter is asked for it."""

from collections.abc import Mapping

from service.records.enums import Code

CODES: Mapping[str, str] = {
    Code.CONTRADICTS_POLICY: "Goes against government policy",
    Code.POLITICALLY_PARTIAL: "Takes a political side",
    Code.DISREPUTE: "Could harm the department’s good name",
    Code.CLASSIFIED_OR_PRIVILEGED: "Classified or privileged material",
    Code.ILLEGAL_OR_INAPPROPRIATE: "Illegal or inappropriate",
    Code.CODE_OR_TERMS_BREACH: "Goes against the Civil Service Code or terms of work",
    Code.NO_PRESS_LINE: "No press line yet",
    Code.POLICY_INTERPRETATION: "Explains a policy that is still being agreed",
    Code.MINISTERIAL_MOVEMENTS: "Says where a minister is or will be",
    Code.REBUTTAL: "Answers back to a claim without clearance",
    Code.OUTSIDE_EXPERTISE: "Outside the poster’s own subject",
    Code.ANNOUNCEMENT_ON_PERSONAL_ACCOUNT: "Announcement on a personal account",
    Code.FACTUAL_ERROR: "Wrong facts",
    Code.OFFENSIVE_TO_AN_AUDIENCE: "Could hurt or offend people who see it",
    Code.COPYRIGHT: "Somebody else’s picture, music or text",
    Code.ADVERTISING: "Looks like advertising",
    Code.PROTRACTED_ARGUMENT: "A long public argument",
    Code.PERSONAL_SAFETY: "Could put somebody at risk",
    Code.SECURITY_CLEARANCE_MENTIONED: "Mentions security clearance",
    Code.TERRORISM_OR_ESPIONAGE_RISK: "Could help terrorists or spies",
    Code.PERSONAL_DATA: "Shows somebody’s personal details",
    Code.WRONG_ACCOUNT: "Wrong account",
    Code.RELEASED_EARLY: "Posted too early",
    Code.ACCOUNT_COMPROMISED: "Account was hacked",
    Code.OTHER: "Something else",
}

# In the order in which a desk looks for them.
CODE_GROUPS: Mapping[str, list[Code]] = {
    "Conduct rules": [
        Code.CONTRADICTS_POLICY,
        Code.POLITICALLY_PARTIAL,
        Code.DISREPUTE,
        Code.CLASSIFIED_OR_PRIVILEGED,
        Code.ILLEGAL_OR_INAPPROPRIATE,
        Code.CODE_OR_TERMS_BREACH,
    ],
    "Clearance": [
        Code.NO_PRESS_LINE,
        Code.POLICY_INTERPRETATION,
        Code.MINISTERIAL_MOVEMENTS,
        Code.REBUTTAL,
        Code.OUTSIDE_EXPERTISE,
        Code.ANNOUNCEMENT_ON_PERSONAL_ACCOUNT,
    ],
    "Content": [
        Code.FACTUAL_ERROR,
        Code.OFFENSIVE_TO_AN_AUDIENCE,
        Code.COPYRIGHT,
        Code.ADVERTISING,
        Code.PROTRACTED_ARGUMENT,
    ],
    "Safety": [
        Code.PERSONAL_SAFETY,
        Code.SECURITY_CLEARANCE_MENTIONED,
        Code.TERRORISM_OR_ESPIONAGE_RISK,
        Code.PERSONAL_DATA,
    ],
    "Mishaps": [Code.WRONG_ACCOUNT, Code.RELEASED_EARLY, Code.ACCOUNT_COMPROMISED, Code.OTHER],
}

# How a reporter says it. These six are shown at once, the rest on request.
CODES_FIRST: Mapping[str, str] = {
    Code.WRONG_ACCOUNT: "I used the wrong account",
    Code.FACTUAL_ERROR: "The facts were wrong",
    Code.RELEASED_EARLY: "It went out too early",
    Code.OFFENSIVE_TO_AN_AUDIENCE: "It could hurt or offend people",
    Code.PERSONAL_DATA: "It shows somebody’s personal details",
    Code.ACCOUNT_COMPROMISED: "Somebody else got into the account",
}
CODES_MORE: Mapping[str, Mapping[str, str]] = {
    "What it says": {
        Code.POLITICALLY_PARTIAL: "It takes a political side",
        Code.CONTRADICTS_POLICY: "It goes against government policy",
        Code.DISREPUTE: "It could harm the department’s good name",
        Code.ILLEGAL_OR_INAPPROPRIATE: "It may be illegal or inappropriate",
        Code.CODE_OR_TERMS_BREACH: "It may go against the Civil Service Code or my terms of work",
        Code.PROTRACTED_ARGUMENT: "I got drawn into a long public argument",
        Code.COPYRIGHT: "It uses somebody else’s picture, music or text",
        Code.ADVERTISING: "It looks like advertising for a company",
    },
    "Who should have cleared it": {
        Code.NO_PRESS_LINE: "It is breaking news and there is no press line",
        Code.POLICY_INTERPRETATION: "It explains a policy that is still being agreed",
        Code.MINISTERIAL_MOVEMENTS: "It says where a minister is or will be",
        Code.REBUTTAL: "It answers back to a claim about us",
        Code.OUTSIDE_EXPERTISE: "It is about a subject that is not mine",
        Code.ANNOUNCEMENT_ON_PERSONAL_ACCOUNT: "It announces something on a personal account",
    },
    "Safety": {
        Code.CLASSIFIED_OR_PRIVILEGED: "It may show classified or privileged material",
        Code.PERSONAL_SAFETY: "It could put somebody at risk",
        Code.SECURITY_CLEARANCE_MENTIONED: "It mentions somebody’s security clearance",
        Code.TERRORISM_OR_ESPIONAGE_RISK: "It could help terrorists or spies",
    },
    "None of these": {Code.OTHER: "Something else"},
}

# How somebody says it who is worried about a post. Danger, secrets and personal details have questions of their own,
# and the rest is for the desk to say.
CODES_RAISED: Mapping[str, str] = {
    Code.OFFENSIVE_TO_AN_AUDIENCE: "It makes fun of people, or hurts them",
    Code.POLITICALLY_PARTIAL: "It takes a political side",
    Code.FACTUAL_ERROR: "It says something that is not true",
    Code.ILLEGAL_OR_INAPPROPRIATE: "It may be against the law, or indecent",
    Code.ACCOUNT_COMPROMISED: "Somebody else may have got into the account",
    Code.OTHER: "Something else",
}
