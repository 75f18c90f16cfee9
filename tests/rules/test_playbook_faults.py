"""A bad playbook is refused with every fault, and each fault with the line that is wrong."""

from pathlib import Path

import pytest

from service.cases.playbook import SHIPPED, PlaybookError, check, load

TEXT = SHIPPED.read_text(encoding="utf-8")


def bad(tmp_path: Path, *swaps: tuple[str, str]) -> Path:
    """The shipped playbook with the first of each pair replaced by the second, in its first place."""
    text = TEXT
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "playbook.toml"
    path.write_text(text, encoding="utf-8")
    return path


def line_with(path: Path, mark: str, after: str = "") -> int:
    """The number of the first line that holds `mark`, from the first one that holds `after`."""
    lines = path.read_text(encoding="utf-8").split("\n")
    begin = next(number for number, line in enumerate(lines, 1) if after in line)
    return next(number for number, line in enumerate(lines, 1) if number >= begin and mark in line)


@pytest.mark.parametrize(
    ("old", "new", "mark", "message"),
    [
        ('version = "2026.3"', "version = 2026", "version = 2026", "version"),
        ('version = "2026.3"', 'version = "2026.2"\ncolour = "red"', "colour", "'colour' is not known"),
        (
            'alternate]\ndesk = "media_office"',
            'alternate]\ndesk = "press_office"',
            'desk = "press_office"',
            "press_office",
        ),
        ('desk = "fco_services"', 'desk = "front_desk"', 'desk = "front_desk"', "'front_desk' is not known"),
        (
            '"contradicts_policy",\n    "politically_partial"',
            '"contradicts_policy",\n    "politically_partail"',
            "partail",
            "politically_partail",
        ),
        ('"terrorism_or_espionage_risk", "acc', '"terorism", "acc', '"terorism"', "'terorism' is not known"),
        ('step = "correct"', 'step = "corect"', 'step = "corect"', "'corect' is not known"),
        ('step = "correct"', 'step = "delete"', 'step = "delete"\nkinds = ["mistake"]\nonly', "stands here twice"),
        ('kinds = ["mistake"]', 'kinds = ["mishap"]', "mishap", "'mishap' is not known"),
        ("delete = { critical = 15,", "delete = { critical = -15,", "delete = {", "-15 is too small"),
        ("delete = { critical = 15,", 'delete = { critical = "soon",', "delete = {", "whole number"),
        ("delete = { critical = 15,", "delete = { critical = true,", "delete = {", "whole number"),
        ("delete = { critical = 15,", "delete = {", "delete = {", "'deadlines.delete.critical' is missing"),
        ("delete = { critical = 15,", "delete = { extreme = 5, critical = 15,", "delete = {", "extreme"),
        ('low = "1 wd" }', 'low = "1 week" }', '"1 week"', "is not a time"),
        ('low = "1 wd" }', 'low = "-1 wd" }', '"-1 wd"', "-1 wd is not between"),
        ("fraction = 0.75", "fraction = 1.5", "fraction = 1.5", "too large"),
        ("fraction = 0.75", "fracture = 0.75", "fracture", "'reminder.fracture' is not known"),
        ("fraction = 0.75", "", "[reminder]", "'reminder.fraction' is missing"),
        ("every_minutes = 15", "every_minutes = 0", "every_minutes = 0", "too small"),
        ('day_ends = "17:00"', 'day_ends = "5pm"', '"5pm"', "time of day"),
        ('day_ends = "17:00"', 'day_ends = "08:00"', "[working_time]\nsource", "has to end after"),
        ('desk_week = "mon-fri"', 'desk_week = "weekdays"', '"weekdays"', "not a working week"),
        ('desk_zone = "Europe/London"', 'desk_zone = "London"', 'desk_zone = "London"', "no zone"),
        ('bank_holidays = "england-and-wales"', 'bank_holidays = "england"', '"england"', "'england' is not known"),
        ("extra_holidays = []", 'extra_holidays = ["someday"]', '"someday"', "extra_holidays"),
        ('phone = "+44 20 7946 0101"', 'phone = "ask around"', "ask around", "phone"),
        (
            'ordinary = "Sorry: the post made from this account {when}',
            'ordinary = "Sorry: the post',
            'ordinary = "Sorry',
            "{when} is missing",
        ),
        ("We said: {said} It is", "We said: {sayed} It is", "{sayed}", "{said} is missing"),
        (
            "We said: {said} It is",
            "We said: {said} {whoever} It is",
            "{whoever}",
            "nothing fills in the placeholder {whoever}",
        ),
        ("We said: {said} It is", "We said: {said} } It is", "{said} }", "braces"),
        (
            "was posted by mistake. It is not an official view.",
            "was posted. Sorry.",
            "was posted. Sorry.",
            "by_mistake",
        ),
        ("'''\\bwrong (account", "'''\\bwrong ((account", "wrong ((account", "not a pattern"),
        ('answers = { safety_risk = ["yes"', 'answers = { safety_risc = ["yes"', "safety_risc", "safety_risc"),
        ('answers = { safety_risk = ["yes"', 'answers = { safety_risk = ["maybe"', "maybe", "'maybe' is not known"),
        ('source = "our default"', 'source = "somebody said"', "somebody said", "'somebody said' is not known"),
        ('passage = "Dealing with mistakes: delete the post"\n', "", "[[steps]]", "names its passage"),
        ('hr = "none"', "", "[acknowledgement]", "'acknowledgement.hr' is missing"),
        (
            'name = "critical.safety_answer"',
            'name = "critical.code"',
            'name = "critical.code"\nseverity = "critical"\n# Unsure',
            "is taken",
        ),
        ("media_interest = true\n", "", 'name = "high.media_interest"', "no condition"),
        (
            "otherwise = true\nsource",
            'codes = ["other"]\nsource',
            'name = "low.everything_else"',
            "catch everything else",
        ),
        ("any_code = true", "any_code = true\notherwise = true", 'name = "medium.official_account"', "only the last"),
        (
            '"high.media_interest"\nseverity = "high"',
            '"high.media_interest"\nseverity = "low"',
            'severity = "high"\naccounts',
            "worst first",
        ),
        ('undecided_because = "You', '# undecided_because = "You', 'step = "correct"', "undecided_because"),
        ("[repeat]", "[repeat", "[repeat", "not TOML"),
        ("times = 8", "times = 8\ntimes = 9", "times = 9", "not TOML"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, old: str, new: str, mark: str, message: str) -> None:
    path = bad(tmp_path, (old, new))
    text = path.read_text(encoding="utf-8")
    line = text[: text.index(mark)].count("\n") + 1
    if mark.startswith("name = ") and "\n" not in mark:
        line -= 1  # what is wrong with a whole rule is told at its header, one line above its name
    if mark.startswith("step = ") and "because" in message:
        line -= 1
    faults = check(path)
    assert (line, True) in [(fault.line, message in fault.message) for fault in faults], [str(f) for f in faults]
    with pytest.raises(PlaybookError) as refused:
        load(path)
    assert str(refused.value) == str(faults[0])
    assert str(refused.value).startswith(f"{path} line {faults[0].line}: ")
    assert "\n" not in str(refused.value)


def test_every_fault_is_told_in_the_order_of_its_lines(tmp_path: Path) -> None:
    path = bad(
        tmp_path,
        ("extra_holidays = []", "extra_holidays = 7"),
        ('"terrorism_or_espionage_risk", "acc', '"terorism", "acc'),
        ("otherwise = true\nsource", 'codes = ["other"]\nsource'),
        ("times = 8", "times = -8"),
        ('[words.correction]\nsource = "policy"', '[words.correction]\nsource = "rumour"'),
    )
    marks = ['"terorism"', 'name = "low.everything_else"', "times = -8", "extra_holidays = 7", '"rumour"']
    lines = [line_with(path, mark) - mark.startswith("name") for mark in marks]
    assert [fault.line for fault in check(path)] == lines


def test_a_missing_step_is_named(tmp_path: Path) -> None:
    head, _, rest = TEXT.partition('[[steps]]\nstep = "apologise"')
    path = tmp_path / "playbook.toml"
    path.write_text(head + rest[rest.index("[[steps]]") :], encoding="utf-8")
    assert "the step 'apologise' is missing" in [fault.message for fault in check(path)]


def test_a_kind_that_nobody_is_told_of_is_named(tmp_path: Path) -> None:
    path = bad(
        tmp_path,
        ('name = "concern.digital_unit"\nkinds = ["concern"]', 'name = "concern.digital_unit"\nkinds = ["advice"]'),
    )
    assert [fault.line for fault in check(path)] == [line_with(path, "[[routes]]")]
    assert "'concern': such cases would reach nobody" in check(path)[0].message


def test_a_byte_order_mark_and_long_line_ends_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "playbook.toml"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert check(path) == []


def test_what_is_no_playbook_at_all(tmp_path: Path) -> None:
    path = tmp_path / "playbook.toml"
    with pytest.raises(PlaybookError, match="line 1: the file cannot be read"):
        load(path)
    assert check(path)[0].line == 1
    path.write_bytes(b'version = "2026.3"\nname = "\xff"\n')
    assert str(check(path)[0]) == f"{path} line 2: this is not UTF-8 text"
    path.write_text("")
    assert "the key 'severity' is missing" in [fault.message for fault in check(path)]
    path.write_text("a = " + "[" * 5000)
    assert len(check(path)) == 1
    assert check(tmp_path)[0].line == 1
