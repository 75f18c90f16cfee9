"""A test that stands still holds nothing up, and is named."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STILL = """
import itertools
import threading
import time

import pytest

pytestmark = pytest.mark.limit(1)


def test_sleeps():
    time.sleep(600)


def test_waits_for_what_never_comes():
    thread = threading.Thread(target=threading.Event().wait, daemon=True)
    thread.start()
    thread.join()


def test_goes_on_after_any_error():
    while True:
        try:
            time.sleep(600)
        except Exception:
            pass


@pytest.fixture
def for_ever():
    yield
    threading.Event().wait()


def test_and_its_clearing_away(for_ever):
    threading.Event().wait()


def test_hears_no_alarm():
    max(itertools.repeat(0))


def test_is_quick():
    pass
"""


def test_what_stands_still_fails_by_its_name(tmp_path):
    (tmp_path / "test_still.py").write_text(STILL)
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    where = [f"--config-file={ROOT}/pyproject.toml", f"--rootdir={tmp_path}", str(tmp_path)]
    how = "-n 1 -p tests.limits -p no:cacheprovider -o faulthandler_timeout=5".split()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *how, *where],
        env={**plain, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    told = set(re.findall(r"^(FAILED|ERROR) .*::test_(\w+)", done.stdout, re.MULTILINE))
    still = "sleeps waits_for_what_never_comes goes_on_after_any_error and_its_clearing_away hears_no_alarm"
    assert told == {("ERROR", "and_its_clearing_away"), *(("FAILED", name) for name in still.split())}, done.stdout
    assert "1 passed" in done.stdout
    assert "crashed while running 'test_still.py::test_hears_no_alarm'" in done.stdout
