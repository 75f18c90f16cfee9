"""What a public apology or correction has to say, and how it is told that it says it."""

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.cases.playbook import load
from service.cases.wording import (
    apology_lacks,
    compose_apology,
    compose_correction,
    correction_lacks,
    looks_english,
    tell,
)

PLAYBOOK = load()

SAYS_BOTH = [
    "Sorry, this was posted by mistake and is not an official view.",
    "The material was posted by mistake and is not an official view.",
    "POSTED BY MISTAKE. NOT AN OFFICIAL VIEW. SORRY.",
    "Earlier tweet posted in error. It does not represent the official position of the UK government.",
    "Apologies – that post went out by accident and doesn’t reflect the government’s view.",
    "We accidentally posted something from this account. It was not an official view. We are sorry.",
    "I posted this from the wrong account. It is not the view of the Foreign Office.",
    "That was a mistake; it isn't the department's position.",
    "My mistake! Not HMG policy.",
    "That post should not have been published. It doesn't reflect our views.",
    "Oops, that was meant for my personal account - sorry! Those are my own views, not those of the Embassy.",
    "A post was made on this account in error this morning. It should not be taken as an official statement.",
    "We deleted a tweet sent in error. It is in no way an official view.",
    "I apologise for my earlier post, which was a mistake. The views expressed were purely personal.",
    "Apologies for the erroneous tweet earlier today, it does not represent UK policy.",
    "This was shared inadvertently,\nand is\nnot an official\nview.",
    "I am sorry. I never meant to post this here, and it does not in any way represent the views of HM Government.",
    "It was a genuine mistake and was never an official view.",
    "Due to a scheduling error a draft was published. It is not official UK government policy.",
    "We made a mistake: this post was neither cleared nor an official view.",
    "We’re sorry. This was a genuine human error and must not be seen as the official view of the FCO.",
    "This tweet was not supposed to be published and does not express the government's opinion.",
]


@pytest.mark.parametrize("text", SAYS_BOTH)
def test_natural_apologies_pass(text: str) -> None:
    assert apology_lacks(PLAYBOOK, text) == []


BOTH = ["by_mistake", "not_official"]


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("", BOTH),
        ("Sorry about that.", BOTH),
        ("We apologise to anyone who was offended.", BOTH),
        ("This was no mistake. It is an official view.", BOTH),
        ("Make no mistake, this is the official view.", BOTH),
        ("It was not posted by mistake, and it is an official view.", BOTH),
        ("It wasn’t posted in error. It is our official position.", BOTH),
        ("We stand by it: it is not only our minister's but the official view.", BOTH),
        ("We do not apologise; it is an official view.", BOTH),
        ("We did not mean to offend anyone. This is the government's view.", BOTH),
        ("Deleted by mistake; the official view stands.", BOTH),
        ("It is a mistake to think that this is no longer true. This is the official view.", BOTH),
        ("I do not regret that this is the official view.", BOTH),
        ("We did not check the official line before posting. Sorry.", BOTH),
        ("Was this posted by mistake? Is it not an official view?", BOTH),
        ("Posted by mistake.", ["not_official"]),
        ("Posted by mistake. It is an official view.", ["not_official"]),
        ("Posted in error on our official account. Sorry.", ["not_official"]),
        ("Posted by accident. This is not unofficial.", ["not_official"]),
        ("This is not an official view.", ["by_mistake"]),
        ("This wasn't an accident, but it does not represent the official position.", ["by_mistake"]),
        ("Was it posted by mistake? No. It is not an official view.", ["by_mistake"]),
    ],
)
def test_what_an_apology_lacks_is_named(text: str, missing: list[str]) -> None:
    assert apology_lacks(PLAYBOOK, text) == missing


@pytest.mark.parametrize(
    "text",
    [
        "This post was not posted by us. Our account was taken over for an hour. Sorry.",
        "We did not post this.",
        "Earlier posts were made by someone else who got into this account.",
        "Our account was hacked this morning. We apologise for the posts.",
        "The tweet wasn’t written by our team.",
        "Hackers gained access to this account and posted offensive material.",
        "An unauthorised post appeared here today.",
    ],
)
def test_a_hacked_account_says_that_it_was_not_us(text: str) -> None:
    assert apology_lacks(PLAYBOOK, text, hacked=True) == []


@pytest.mark.parametrize(
    "text",
    [
        "Sorry, this was posted by mistake and is not an official view.",
        "This was posted by us.",
        "Our account was not hacked.",
        "It was not posted by hackers. Sorry.",
        "Somebody at the embassy posted this.",
    ],
)
def test_a_hacked_account_that_does_not_say_so(text: str) -> None:
    assert apology_lacks(PLAYBOOK, text, hacked=True) == ["not_posted_by_us"]


@pytest.mark.parametrize(
    "text",
    [
        "Correction: the visit is on 12 May, not on 10 May.",
        "We said the visit is on 10 May. It is on 12 May.",
        "Our earlier post said that 200 people came. The correct figure is 2,000.",
        "We gave the wrong date earlier: the event is on Tuesday.",
        "That should have read Skopje.",
        "The embassy opens at 9, not 10.",
        "We have corrected the name of the capital from Sydney to Canberra.",
        "The meeting is in Room 4 instead of Room 5.",
        "I wrote that the minister is in Paris; she is in fact in Rome.",
        "The capital is Canberra and not Sydney.",
    ],
)
def test_corrections_that_say_what_was_corrected(text: str) -> None:
    assert correction_lacks(PLAYBOOK, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Correction.",
        "Corrected.",
        "We have corrected the post.",
        "Sorry, the post was wrong.",
        "This has now been corrected. It is not an official view.",
        "Posted by mistake, and not an official view.",
        "We said sorry and the post was deleted.",
    ],
)
def test_corrections_that_do_not(text: str) -> None:
    assert correction_lacks(PLAYBOOK, text) == ["what_was_corrected"]


ELSEWHERE = [
    "Désolé, ce message a été publié par erreur et ne reflète pas la position officielle du gouvernement.",
    "Entschuldigung, das war ein Versehen und ist keine offizielle Ansicht.",
    "Lo sentimos: este mensaje se publicó por error y no es una opinión oficial.",
    "Sorry, dit bericht is per ongeluk geplaatst en is geen officieel standpunt.",
    "Извините, это сообщение было опубликовано по ошибке и не является официальной позицией.",
    "申し訳ありません。この投稿は誤って公開されたもので、公式見解ではありません。",
    "عذرا، نُشر هذا عن طريق الخطأ وليس رأيا رسميا.",
    "מצטערים, הפוסט פורסם בטעות ואינו עמדה רשמית.",
]


@pytest.mark.parametrize("text", ELSEWHERE)
def test_another_language_passes_only_when_confirmed(text: str) -> None:
    assert not looks_english(PLAYBOOK, text)
    assert apology_lacks(PLAYBOOK, text) == BOTH
    assert apology_lacks(PLAYBOOK, text, confirmed=True) == []


@pytest.mark.parametrize(
    "text", ["", "Oops!", "Sorry about that.", "We are sorry for the post.", "That went wrong, sorry"]
)
def test_english_cannot_be_confirmed_past_the_check(text: str) -> None:
    assert apology_lacks(PLAYBOOK, text, confirmed=True) == BOTH


@pytest.mark.parametrize("text", SAYS_BOTH)
def test_english_is_known_for_what_it_is(text: str) -> None:
    assert looks_english(PLAYBOOK, text)


def test_what_the_composers_offer_passes() -> None:
    when = "at 23:04 on 20 November in Tokyo"
    assert when in compose_apology(PLAYBOOK, when)
    assert apology_lacks(PLAYBOOK, compose_apology(PLAYBOOK, when)) == []
    assert apology_lacks(PLAYBOOK, compose_apology(PLAYBOOK, when, hacked=True), hacked=True) == []
    correction = compose_correction(PLAYBOOK, when, "the visit {is} in May.", "the visit is in June.")
    assert "{is}" in correction
    assert correction_lacks(PLAYBOOK, correction) == []


def test_every_element_tells_what_to_do() -> None:
    for name in ("by_mistake", "not_official", "not_posted_by_us", "what_was_corrected"):
        assert tell(PLAYBOOK, name).startswith("Say ")


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    assert set(apology_lacks(PLAYBOOK, text)) <= set(BOTH)
    assert set(correction_lacks(PLAYBOOK, text)) <= {"what_was_corrected"}


@pytest.mark.parametrize(
    "text",
    [
        "not " * 5000,
        "not the official " * 1200,
        "said " * 4000,
        "is a, " * 3300,
        "a" * 20_000,
        "correct a " * 2000,
        "corrected the a: b " * 1000,
        "wrong, the a " * 1500,
        "correction to a " * 1200,
        "posted by a " * 1600,
    ],
)
def test_the_longest_text_is_read_quickly(text: str) -> None:
    """Twenty thousand characters chosen to send a careless pattern round in circles."""
    began = perf_counter()
    apology_lacks(PLAYBOOK, text)
    apology_lacks(PLAYBOOK, text, hacked=True)
    correction_lacks(PLAYBOOK, text)
    assert perf_counter() - began < 2
