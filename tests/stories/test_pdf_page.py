"""The page of a case's PDFs: it says how they stand, and turns only when somebody asks, or when something is new."""

import re
import time
from html import unescape

from tests.makers import report


def test_nothing_comes_until_something_is_new(token, sign_in):
    case = report(token("staff"))
    using = sign_in("staff")
    here = f"/cases/{case['reference']}/pdf"
    page = using.get(here)
    # A page that turns by itself takes away what is being read; without scripts there is a link.
    assert "refresh" not in page.headers
    assert f'href="{here}">Look again</a>' in page.text
    again = unescape(re.search(r'hx-get="([^"]+)"', page.text)[1])
    nothing_new = 0
    for _ in range(600):
        answer = using.get(again)
        if answer.status_code == 200:
            break
        assert (answer.status_code, answer.content) == (204, b"")
        nothing_new += 1
        time.sleep(0.1)
    assert nothing_new
    assert answer.status_code == 200
    assert "Get this PDF" in answer.text
    assert "hx-get" not in answer.text
