"""What makes two reports look like one: a key for the link, the words and the account of a case, kept in its row.

A key is a hash of what it stands for, brought into one spelling. It is made anew whenever the facts change, and goes
with them: what is cleared or destroyed has no key, so none is left by which it could be guessed.
"""

import hashlib
import re
import unicodedata
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from service.records.cases import Case
from service.records.enums import Likeness

FEWEST_BYTES = 24
"""Of the words in UTF-8, without marks and blanks: four or five English words, or eight characters of Chinese."""
SAME_HOST = {"twitter.com": "x.com", "fb.com": "facebook.com", "youtube-nocookie.com": "youtube.com"}
SAME_PLATFORM = {"twitter": "x", "x twitter": "x", "twitter x": "x", "fb": "facebook", "insta": "instagram"}
NOT_THE_POST = re.compile(
    r"utm_\w+|mc_[ce]id|[a-z]{1,2}clid|fbclid|gclid|msclkid|igshid|igsh|ref_?src|ref_?url|si|feature"
)
"""What platforms hang on a link to tell who passed it on."""
NOT_THE_POST_ON = {"x.com": {"s", "t"}, "instagram.com": {"img_index", "hl"}, "facebook.com": {"mibextid", "rdid"}}


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
    }


def key(what: Likeness, spelling: str | None) -> str | None:
    """The key of one spelling: 128 bits in hexadecimal, or none where there is nothing to compare."""
    return hashlib.sha256(f"{what}\0{spelling}".encode()).hexdigest()[:32] if spelling else None


def link_as_one(url: str | None) -> str | None:
    """A link without scheme, `www.`, what tells who passed it on, and the slash at its end; none for a bare site."""
    if not url:
        return None
    try:
        parts = urlsplit(unicodedata.normalize("NFC", url.strip()))
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        # Not a link that anything can open, but two of them can still be the same.
        return url.strip().casefold()
    for front in ("www.", "m.", "mobile."):
        if host.startswith(front) and "." in host.removeprefix(front):
            host = host.removeprefix(front)
    host = SAME_HOST.get(host, host)
    passed_on = NOT_THE_POST_ON.get(host, set())
    told = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not NOT_THE_POST.fullmatch(name.lower()) and name not in passed_on
    )
    path = unquote(parts.path).rstrip("/")
    if not path and not told:
        return None
    at = f":{port}" if port not in (None, 80, 443) else ""
    return f"{host}{at}{path}?{urlencode(told)}"


def words_as_one(text: str | None) -> str | None:
    """Words without case, marks, links and blanks; none when there are too few to mean anything."""
    if not text:
        return None
    plain = unicodedata.normalize("NFKC", re.sub(r"https?://\S+", " ", text)).casefold()
    said = "".join(sign for sign in plain if unicodedata.category(sign)[0] in "LMN")
    return said if len(said.encode()) >= FEWEST_BYTES else None


def account_as_one(platform: str | None, handle: str | None) -> str | None:
    """Platform and account name without case, blanks and the sign in front; none unless both are told."""
    where = " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", platform or "").casefold()))
    who = unicodedata.normalize("NFKC", handle or "").casefold().strip().lstrip("@").strip()
    return f"{SAME_PLATFORM.get(where, where)} {who}" if where and who else None
