"""What makes two reports look like one: a key for the link, the words and the account of a case, kept in its row.

A key is a hash of what it stands for, brought into one spelling. It is made anew whenever the facts change, and goes
with them: what is cleared or destroyed has no key, so none is left by which it could be guessed.
"""

import hashlib
import re
import unicodedata
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from service.records.cases import Case
from service.records.enums import Likeness

FEWEST_BYTES = 12
"""Of the words in UTF-8, without marks and blanks: two or three English words, or four characters of Chinese."""
SAME_HOST = {
    "twitter.com": "x.com",
    "fb.com": "facebook.com",
    "youtube-nocookie.com": "youtube.com",
    "instagr.am": "instagram.com",
    "threads.net": "threads.com",
}
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
FRONTS = ("www.", "m.", "mobile.")
ONE_SITE = ("facebook.com", "linkedin.com", "reddit.com", "youtube.com")
"""Whatever stands in front of these, such as `en-gb.` or `mbasic.`, they show the same post."""
SAME_PLATFORM = {"twitter": "x", "x twitter": "x", "twitter x": "x", "fb": "facebook", "insta": "instagram"}
NOT_THE_POST = re.compile(
    r"utm_\w+|mc_[ce]id|[a-z]{1,2}clid|fbclid|msclkid|igshid|igsh|ref_?src|ref_?url|si|feature|_g[al]|[gw]braid"
)
"""What platforms hang on a link to tell who passed it on."""
NOT_THE_POST_ON = {"x.com": {"s", "t"}, "instagram.com": {"img_index", "hl"}, "facebook.com": {"mibextid", "rdid"}}
NO_CAPITALS = {
    **dict.fromkeys(("x.com", "facebook.com", "instagram.com", "threads.com", "tiktok.com", "youtube.com"), 1),
    **dict.fromkeys(("linkedin.com", "reddit.com"), 2),
}
"""How many parts of a path mind no capitals: names of accounts, and a site's own words. Others may, as codes do."""
NAME, CODE, END = r"@?[\w.-]+", r"([\w-]+)", r"(?:[/?&].*)?"
THE_POST = {
    "x.com": ((rf"/(?:i/web|{NAME})/status(?:es)?/(\d+)", "x.com/i/status/{}"),),
    "instagram.com": ((rf"/(?:{NAME}/)?(?:p|reels?|tv)/{CODE}", "instagram.com/p/{}"),),
    "threads.com": ((rf"/(?:{NAME}/)?(?:post|t)/{CODE}", "threads.com/t/{}"),),
    "tiktok.com": ((rf"/(?:{NAME}/)?(?:video|photo)/(\d+)", "tiktok.com/video/{}"),),
    "youtu.be": ((f"/{CODE}", "youtube.com/watch?v={}"),),
    "youtube.com": (
        (f"/(?:shorts|live|embed|v)/{CODE}", "youtube.com/watch?v={}"),
        (rf"/watch\?(?:.*&)?v={CODE}", "youtube.com/watch?v={}"),
    ),
    "linkedin.com": ((r"/.*\b(activity|share)[:-](\d{10,})\b.*", "linkedin.com/feed/update/urn:li:{}:{}"),),
    "facebook.com": (
        (r"/(?:story|permalink)\.php\?id=(\d+)&story_fbid=(\w+)", "facebook.com/permalink.php?id={}&story_fbid={}"),
    ),
}
"""Where an address names a post by a number or a code, this is all of it: whose account it is may be spelt anyhow."""


def keep_keys(case: Case) -> None:
    """Bring the keys in line with the facts of the case."""
    for column, value in keys_of(case).items():
        setattr(case, column, value)


def keys_of(case: Case) -> dict[str, str | None]:
    """Each key by its column, as the facts of the case have it."""
    return {
        "link_key": key(Likeness.LINK, link_as_one(case.url)),
        "text_key": key(Likeness.TEXT, words_as_one(case.text)),
        "account_key": key(Likeness.ACCOUNT, account_as_one(case.platform, case.handle)),
        "platform_key": platform_key(case.platform),
    }


def key(what: str, spelling: str | None) -> str | None:
    """The key of one spelling: 128 bits in hexadecimal, or none where there is nothing to compare."""
    return hashlib.sha256(f"{what}\0{spelling}".encode()).hexdigest()[:32] if spelling else None


def platform_key(platform: str | None) -> str | None:
    """What a queue is narrowed to a platform by, however it is spelt."""
    return key("platform", platform_as_one(platform))


def link_as_one(url: str | None) -> str | None:
    """A link in one spelling, without scheme, what tells who passed it on, and the slash at its end.

    None for a bare site. Where the site is known, neither its names nor the capitals of an account matter. A link that
    is in this spelling already stays as it is.
    """
    plain = unicodedata.normalize("NFC", (url or "").strip())
    try:
        parts = urlsplit(plain if SCHEME.match(plain) else f"https://{plain}")
        host, port = _site(parts.hostname or ""), parts.port
    except ValueError:
        # Not a link that anything can open, but two of them can still be the same.
        return plain.casefold()
    passed_on = NOT_THE_POST_ON.get(host, set())
    told = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not NOT_THE_POST.fullmatch(name.lower()) and name not in passed_on
    )
    named = unicodedata.normalize("NFC", unquote(parts.path)).rstrip("/").split("/")
    few = 1 + NO_CAPITALS.get(host, 0)
    path = quote("/".join([*(part.lower() for part in named[1:few]), *named[few:]]), safe="/:@!$&'()*+,;=~")
    if not path and not told:
        return None
    where = (f"/{path}" if path else "") + (f"?{urlencode(told)}" if told else "")
    for pattern, spelling in THE_POST.get(host, ()):
        if found := re.fullmatch(pattern + END, where):
            return spelling.format(*found.groups())
    return f"{host}:{port}{where}" if port not in (None, 80, 443) else f"{host}{where}"


def _site(host: str) -> str:
    host = host.rstrip(".")
    while front := next((each for each in FRONTS if host.startswith(each) and "." in host.removeprefix(each)), None):
        host = host.removeprefix(front)
    host = next((site for site in ONE_SITE if host.endswith(f".{site}")), host)
    return SAME_HOST.get(host, f"[{host}]" if ":" in host else host)


def words_as_one(text: str | None) -> str | None:
    """Words without case, marks, links and blanks; none when there are too few to mean anything."""
    if not text:
        return None
    plain = unicodedata.normalize("NFKC", re.sub(r"https?://\S+", " ", text)).casefold()
    said = "".join(sign for sign in plain if unicodedata.category(sign)[0] in "LMN")
    return said if len(said.encode()) >= FEWEST_BYTES else None


def account_as_one(platform: str | None, handle: str | None) -> str | None:
    """Platform and account name without case, blanks and the sign in front; none unless both are told."""
    where = platform_as_one(platform)
    who = unicodedata.normalize("NFKC", handle or "").casefold().strip().lstrip("@").strip()
    return f"{where} {who}" if where and who else None


def platform_as_one(platform: str | None) -> str | None:
    """A platform's name without case and marks, by the name that it goes by now; none where there is nothing."""
    plain = unicodedata.normalize("NFKC", platform or "").casefold()
    where = " ".join(re.findall(r"\w+", plain)) or plain.strip()
    return SAME_PLATFORM.get(where, where) or None
