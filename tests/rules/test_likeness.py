"""One spelling for each link: another address of the same post is the same, another post is not."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.cases.likeness import NO_CAPITALS, THE_POST, account_as_one, link_as_one, platform_key

SAME = """
https://x.com/FCO
http://www.twitter.com/fco/
mobile.twitter.com/Fco?s=20
X.COM/FCO#top
https://x.com:443/fco?utm_source=a

https://x.com/FCO/status/17
twitter.com/i/web/status/17
x.com/fco/statuses/17/
x.com/FCO/status/17/photo/1?t=Ab&s=19

https://www.youtube.com/watch?v=dQw4w9WgXcQ
youtu.be/dQw4w9WgXcQ?si=Zz
m.youtube.com/watch?app=desktop&v=dQw4w9WgXcQ&t=3
youtube.com/shorts/dQw4w9WgXcQ
www.youtube-nocookie.com/embed/dQw4w9WgXcQ

https://www.instagram.com/p/Cx1_Yz-/
instagram.com/fco/p/Cx1_Yz-/?igsh=abc
instagr.am/reel/Cx1_Yz-?img_index=2

https://www.instagram.com/FCO/
instagram.com/fco?hl=en

https://www.facebook.com/FCO/posts/pfbid0Ab
m.facebook.com/fco/posts/pfbid0Ab?mibextid=x
en-gb.facebook.com/Fco/posts/pfbid0Ab
fb.com/fco/posts/pfbid0Ab?fbclid=y

https://m.facebook.com/story.php?story_fbid=5&id=6&rdid=a
www.facebook.com/permalink.php?id=6&story_fbid=5

https://www.tiktok.com/@FCO/video/99?_r=1&_t=z
m.tiktok.com/@fco/video/99

https://www.threads.net/@FCO/post/Ab_c
threads.com/@fco/post/Ab_c

https://uk.linkedin.com/posts/fco_some-words-activity-7123456789012-AbCd
linkedin.com/feed/update/urn:li:activity:7123456789012?trk=x

https://www.linkedin.com/in/A-Person/
linkedin.com/in/a-person?utm_medium=mail

https://old.reddit.com/r/London/comments/ab1/
www.reddit.com/r/london/comments/ab1

https://blog.example/Caf%C3%A9/A?b=2&a=1
blog.example/Café/A/?a=1&b=2&gclid=3
"""
GROUPS = [group.split() for group in SAME.strip().split("\n\n")]
"""Each group is of one post or account, and of another than the next."""
OTHERS = """
x.com/FCO/status/18
x.com/FCOtravel
x.org/FCO
youtu.be/dQw4w9WgXcq
instagram.com/p/cx1_Yz-
facebook.com/fco/posts/pfbid0aB
blog.example/café/a?a=1&b=2
blog.example/Café/A?a=1
notx.com/FCO
tiktok.com/@fco/video/98
blog.example:8080/Café/A?a=1&b=2
reddit.com/r/london/comments/ab2
linkedin.com/feed/update/urn:li:activity:7123456789013
""".split()
WORDS = st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=12)
ADDRESSES = st.one_of(
    st.builds(
        "{}{}{}/{}".format,
        st.sampled_from(["", "http://", "https://"]),
        st.sampled_from(["", "www.", "m.", "mobile.www."]),
        st.sampled_from([*NO_CAPITALS, *THE_POST, "twitter.com", "blog.example", "münchen.example:81"]),
        st.text(string.ascii_letters + string.digits + "/%@?&=.+-:#é ", max_size=40),
    ),
    st.text(max_size=60),
)


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group[0])
def test_these_are_one(group):
    (spelling,) = {link_as_one(each) for each in group}
    assert link_as_one(spelling) == spelling


def test_and_these_are_not():
    seen = [link_as_one(each) for each in [*(group[0] for group in GROUPS), *OTHERS]]
    assert None not in seen
    assert len(set(seen)) == len(seen)
    assert {link_as_one(bare) for bare in ("", None, "x.com", "https://www.twitter.com/", "youtu.be/?si=1")} == {None}


@given(ADDRESSES)
@example("http://[::1]/A")
@example("x.com/%2541")
@example("https://m.www.m.example//a//")
def test_one_spelling_stays_as_it_is(address):
    once = link_as_one(address)
    assert once is None or link_as_one(once) == once


@given(WORDS, WORDS, st.integers(0, 10**18), st.integers(0, 10**18))
def test_a_number_is_a_post_whoever_is_said_to_have_it(name, other, number, another):
    one = link_as_one(f"https://x.com/{name}/status/{number}")
    assert one == link_as_one(f"https://mobile.twitter.com/{other}/status/{number}?s=20")
    assert (one == link_as_one(f"https://x.com/{name}/status/{another}")) == (number == another)


@given(WORDS, WORDS)
def test_codes_mind_capitals_and_accounts_do_not(one, other):
    for site in ("instagram.com/p/{}", "youtu.be/{}", "blog.example/{}"):
        assert (link_as_one(site.format(one)) == link_as_one(site.format(other))) == (one == other), site
    assert (link_as_one(f"x.com/{one}") == link_as_one(f"twitter.com/{other}/")) == (one.lower() == other.lower())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("X", " twitter"),
        ("YouTube", "YOUTUBE"),
        ("ВКонтакте", "вконтакте"),
        ("Straße", "STRASSE"),
        ("ＬＩＮＥ", "line"),
        ("🦋", "🦋 "),
    ],
)
def test_a_platform_is_one_however_it_is_spelt(one, other):
    assert platform_key(one) == platform_key(other) is not None
    assert platform_key(one) != platform_key(f"{one}2")


def test_an_account_wants_both():
    assert account_as_one("X", None) is account_as_one(" ", "FCO") is None
    assert account_as_one("Twitter", "@FCO ") == account_as_one("x", "fco")
