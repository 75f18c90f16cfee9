"""Where mail is handed over: a wrong address stops the start with one line, which never repeats a password."""

import pytest

from service.core.mail import plain_address, read_mail_url
from service.core.settings import BadSetting, read_settings

KEY = "amends-8b3aa916-ec82-434e-b0c5-d5d9b371d6a3-5c25a7b8-6b1e-4d3c-9a44-0d7b6d2f1c11"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mail.example", "must begin with"),
        ("imap://mail.example", "must begin with"),
        ("file://", "must name a folder"),
        ("smtp://", "must name a host"),
        ("smtp://mail.example:99999", "a port that cannot be read"),
        ("smtp://mail.example:0", "a port that cannot be read"),
        ("smtp://mail.example:x", "a port that cannot be read"),
        ("smtp://[::1", "cannot be read"),
        ("smtp://hunter2@mail.example", "a user and a password"),
        ("smtp://mail.example/inbox", "must end with the port"),
        ("smtp://mail.example?tls=maybe", "tls=required or tls=never"),
        ("smtps://mail.example?tls=never", "does not have: tls"),
        ("smtp://mail.example?timeout=0", "timeout of 1 to 60"),
        ("smtp://mail.example?timeout=ten", "timeout of 1 to 60"),
        ("smtp://mail.example?ca=/nowhere/ca.pem", "is not there"),
        ("smtp://mail.example?from=nobody", "not an e-mail address"),
        ("smtp://mail.example?colour=blue", "does not have: colour"),
        ("notify://?email=x", "must hold the key"),
        ("notify://hunter2@api.example?email=x", "must hold the key"),
        (f"notify://{KEY}@api.example", "must name the template"),
    ],
)
def test_a_wrong_one_stops_the_start_with_one_line(url, said):
    with pytest.raises(BadSetting) as wrong:
        read_settings({"AMENDS_MAIL_URL": url, "AMENDS_SECRET_KEY": "x" * 32})
    assert str(wrong.value).startswith("AMENDS_MAIL_URL ")
    assert said in str(wrong.value)
    assert "\n" not in str(wrong.value)
    assert "hunter2" not in str(wrong.value)


def test_what_an_address_says():
    told = read_mail_url("smtp://amends:s3cret%2Fword%401@mail.example:587?tls=required&timeout=5&from=a@b.example")
    assert (told.host, told.port, told.user, told.password) == ("mail.example", 587, "amends", "s3cret/word@1")
    assert (told.tls, told.timeout, told.options["from"], told.texts) == ("required", 5, "a@b.example", False)
    assert "s3cret" not in repr(told)
    assert [read_mail_url(url).port for url in ("smtp://a", "smtps://a")] == [25, 465]
    notify = read_mail_url(f"notify://{KEY}?email=x&text=y")
    assert (notify.host, notify.user, notify.texts) == ("api.notifications.service.gov.uk", KEY, True)


@pytest.mark.parametrize(
    ("text", "fits"), [("a@b", True), ("a.b+c@d.example", True), ("a@b c", False), ("a@b@c", False)]
)
def test_an_address_that_mail_can_be_sent_to(text, fits):
    assert plain_address(text) is fits
