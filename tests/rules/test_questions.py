"""The questions before posting, as a path: it ends, whatever is answered, and each end says why and whom to ask."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.cases.playbook import SHIPPED, check, load
from service.cases.playbook_questions import LONGEST, walk
from service.cases.playbook_source import line_of, places
from service.records.enums import Verdict

TEXT = SHIPPED.read_text(encoding="utf-8")
QUESTIONS = load().before_you_post
NAMES = [question.question for question in QUESTIONS]
WORDS = sorted({answer.answer for question in QUESTIONS for answer in question.answers})


def every_way(given: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Every address that ends the path, from this one on."""
    path = walk(QUESTIONS, given)
    if path.end:
        yield given
    for answer in path.asked.answers if path.asked else ():
        assert path.asked
        yield from every_way({**given, path.asked.question: answer.answer})


MORE = (
    'then = "more"\n\n[[before_you_post]]\nquestion = "more"\nasks = "?"\nsource = "our default"\n'
    '[[before_you_post.answers]]\nanswer = "yes"\nsays = "Yes"\nthen = "rules"\n'
    '[[before_you_post.answers]]\nanswer = "no"\nsays = "No"\nthen = "rules"'
)
WAYS = list(every_way({}))


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way.values()))
def test_every_path_ends_with_its_reason(way: Mapping[str, str]) -> None:
    path = walk(QUESTIONS, way)
    assert path.end
    assert len(path.answered) == len(way) <= LONGEST
    assert path.end.because
    assert path.passage, "each end of the shipped path has the policy's own words"
    assert bool(path.end.whom) == (path.end.ends is Verdict.ASK_FIRST)
    assert set(path.end.whom) <= set(load().desks_to_ask)


def test_every_end_and_every_question_is_reached() -> None:
    ends = [walk(QUESTIONS, way).end for way in WAYS]
    assert {end.ends for end in ends if end} == set(Verdict)
    assert {question for way in WAYS for question in way} == set(NAMES)


@given(st.dictionaries(st.sampled_from([*NAMES, "q"]), st.sampled_from([*WORDS, "", "maybe"])))
def test_whatever_stands_in_the_address_there_is_a_next_question_or_an_end(said: dict[str, str]) -> None:
    path = walk(QUESTIONS, said)
    assert (path.asked is None) != (path.end is None)
    assert all(said[question.question] == answer.answer for question, answer in path.answered)
    if path.asked:
        assert said.get(path.asked.question) not in {answer.answer for answer in path.asked.answers}


def test_a_version_from_before_there_was_a_check_asks_nothing() -> None:
    path = walk((), {})
    assert (path.answered, path.asked, path.end) == ((), None, None)


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        (
            'then = "account"',
            'then = "acount"',
            (0, "answers", 1, "then"),
            "no question further down is called 'acount'",
        ),
        ('then = "rules"', 'then = "secret"', (3, "answers", 4, "then"), "no question further down is called 'secret'"),
        ('then = "clearance"', 'then = "subject"', (2, "answers", 0, "then"), "no question further down"),
        ('then = "clearance"', 'then = "rules"', (3, "question"), "no answer leads to the question 'clearance'"),
        ('question = "own"', 'question = "subject"', (4, "question"), "the question 'subject' stands here twice"),
        ('answer = "official"', 'answer = "own"', (1, "answers", 1, "answer"), "the answer 'own' stands here twice"),
        ('then = "account"', "", (0, "answers", 1), "either where it leads (then), or how it ends (ends)"),
        ('then = "account"', 'then = "account"\nends = "go_ahead"', (0, "answers", 1), "either where it leads"),
        ('then = "account"', 'ends = "go_ahead"', (0, "answers", 1), "needs the key 'because'"),
        ('then = "account"', 'ends = "stop"\nbecause = "x"', (0, "answers", 1, "ends"), "'stop' is not known"),
        ('whom = ["line_manager"]', "", (4, "answers", 1), "needs the key 'whom'"),
        ('ends = "go_ahead"', 'ends = "go_ahead"\nwhom = ["line_manager"]', (5, "answers", 2), "needs the key 'whom'"),
        ('whom = ["line_manager"]', 'whom = ["hr"]', (4, "answers", 1, "whom"), "no route says that 'hr' can be asked"),
        ('whom = ["line_manager"]', 'whom = ["press"]', (4, "answers", 1, "whom"), "'press' is not known"),
        ('answer = "official"', 'answer = "Official one"', (1, "answers", 0, "answer"), "before_you_post"),
        ('asks = "Which account is it for?"', "", (1,), "'before_you_post[2].asks' is missing"),
        (
            'asks = "Which account',
            'aks = "x"\nasks = "Which account',
            (1, "aks"),
            "'before_you_post[2].aks' is not known",
        ),
        (
            'then = "rules"',
            MORE,
            (7, "question"),
            "this would be question 6: nobody is asked more than 5",
        ),
    ],
)
def test_a_path_that_cannot_be_right_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, place: tuple[str | int, ...], message: str
) -> None:
    begin = TEXT.index("[[before_you_post]]")
    assert old in TEXT[begin:]
    text = TEXT[:begin] + TEXT[begin:].replace(old, new, 1)
    file = tmp_path / "playbook.toml"
    file.write_text(text, encoding="utf-8")
    line = line_of(text, places(text), ("before_you_post", *place))
    assert (line, True) in [(fault.line, message in fault.message) for fault in check(file)], check(file)


def test_a_file_without_the_questions_is_told_so(tmp_path: Path) -> None:
    begin = TEXT.index("[[before_you_post]]")
    file = tmp_path / "playbook.toml"
    file.write_text(TEXT[:begin] + TEXT[TEXT.index("[referrals]") :], encoding="utf-8")
    assert [fault.message for fault in check(file)] == [
        "the key 'before_you_post' is missing: there is no question before posting"
    ]
