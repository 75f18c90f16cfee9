"""*Before you post*: the clearance framework as a short path of questions that ends in what to do, and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, StrictStr, model_validator

from service.cases.playbook_rules import Section, Sourced, Text
from service.records.enums import DeskName, Verdict

Word = Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
"""As it stands in an address: `/before-you-post?account=official`."""
LONGEST = 5
"""Questions on any path. It is walked at night, on a phone, by somebody who wants to post."""


class Answer(Section):
    """One answer to a question: it leads to another (`then`), or ends the path in a verdict with its reason."""

    answer: Word
    says: Text
    then: Word | None = None
    ends: Verdict | None = None
    because: Text | None = None
    whom: tuple[DeskName, ...] = ()
    passage: Text | None = None
    """What the policy says of this very answer, where that is not what it says of the question."""

    @model_validator(mode="after")
    def _leads_somewhere(self) -> "Answer":
        if (self.then is None) == (self.ends is None):
            raise ValueError(f"the answer '{self.answer}' says either where it leads (then), or how it ends (ends)")
        if (self.ends is None) != (self.because is None):
            raise ValueError(f"the answer '{self.answer}' needs the key 'because' where it ends, and only there")
        if (self.ends is Verdict.ASK_FIRST) != bool(self.whom):
            raise ValueError(
                f"the answer '{self.answer}' needs the key 'whom' where it ends in ask_first, and only there"
            )
        return self


class Question(Sourced):
    """One question of the path."""

    question: Word
    asks: Text
    hint: Text | None = None
    answers: Annotated[tuple[Answer, ...], Field(min_length=2)]


@dataclass(frozen=True)
class Path:
    """How far somebody has come: what they answered, and then either the next question or the end."""

    answered: tuple[tuple[Question, Answer], ...]
    asked: Question | None = None
    end: Answer | None = None

    @property
    def passage(self) -> str | None:
        """What the policy says where the path ends; nothing where the reason is our own default."""
        return (self.end.passage or self.answered[-1][0].passage) if self.end else None


def walk(questions: Sequence[Question], given: Mapping[str, str]) -> Path:
    """The path as far as these answers lead, from the first question; what is not an answer to it is asked again."""
    by_name = {question.question: question for question in questions}
    answered: list[tuple[Question, Answer]] = []
    here = questions[0] if questions else None
    while here is not None:
        found = next((each for each in here.answers if each.answer == given.get(here.question)), None)
        if found is None:
            return Path(tuple(answered), asked=here)
        answered.append((here, found))
        if found.then is None:
            return Path(tuple(answered), end=found)
        here = by_name[found.then]
    return Path(())


def path_faults(
    questions: Sequence[Mapping[str, Any]], may_be_asked: set[object]
) -> Iterator[tuple[tuple[str | int, ...], str, object]]:
    """What is wrong between the questions: where, what, and the word that is wrong.

    An answer leads only to a question further down. So every path ends, whatever is written here.
    """
    if not questions:
        yield (), "the key 'before_you_post' is missing: there is no question before posting", None
    names = [question.get("question") for question in questions]
    steps = [1] + [0] * (len(questions) - 1)
    for number, question in enumerate(questions):
        place = ("before_you_post", number)
        if names[number] in names[:number]:
            yield (*place, "question"), f"the question '{names[number]}' stands here twice", None
        elif not steps[number]:
            yield (*place, "question"), f"no answer leads to the question '{names[number]}'", None
        elif steps[number] > LONGEST:
            yield (
                (*place, "question"),
                f"this would be question {steps[number]}: nobody is asked more than {LONGEST}",
                None,
            )
        said: set[object] = set()
        answers = question.get("answers")
        for each, answer in enumerate(answers if isinstance(answers, list) else ()):
            if not isinstance(answer, dict):
                continue
            here = (*place, "answers", each)
            if answer.get("answer") in said:
                yield (*here, "answer"), f"the answer '{answer['answer']}' stands here twice", None
            said.add(answer.get("answer") if isinstance(answer.get("answer"), str) else None)
            then = answer.get("then")
            if isinstance(then, str) and then not in names[number + 1 :]:
                yield (*here, "then"), f"no question further down is called '{then}'", None
            elif isinstance(then, str):
                there = names.index(then, number + 1)
                steps[there] = max(steps[there], steps[number] + 1 if steps[number] else 0)
            whom = answer.get("whom")
            for desk in whom if isinstance(whom, list) else ():
                if isinstance(desk, str) and desk not in may_be_asked:
                    yield (*here, "whom"), f"no route says that '{desk}' can be asked for advice", desk
