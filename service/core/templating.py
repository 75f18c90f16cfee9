"""Turns templates into pages: one Jinja environment for pages, letters and PDFs.

Templates read the tables of words that are handed in as `words.codes`, or a value's words by the filter `words`.
"""

import json
from collections.abc import Iterable, Mapping, MutableMapping
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import (
    BytecodeCache,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    pass_context,
    select_autoescape,
)
from jinja2.runtime import Context, Macro
from markupsafe import Markup

from service.core.saying import by, clock, day, left, local, minutes_words, moment, place, size, weekday
from service.core.telling import Tables, filters

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "service" / "static"
ROWS_KEPT = 2048
"""Rows of lists as HTML, about 1.5 kB each."""


class Calling(Context):
    """Calls a macro at once: Jinja would first ask it, and then what calls it, whether it wants to know the page."""

    def call(self, called: Any, /, *given: Any, **named: Any) -> Any:
        """What `called(…)` means in a template."""
        if type(called) is Macro:
            named.pop("_block_vars", None)
            named.pop("_loop_vars", None)
            return called(self.eval_ctx, *given, **named)
        return super().call(called, *given, **named)


class Pages(Environment):
    """Looks in a mapping first: `case.stage` is nearly always a key, and asking in vain for an attribute takes time."""

    context_class = Calling

    def getattr(self, obj: Any, attribute: str) -> Any:
        """What `obj.attribute` means in a template; of a mapping its key, and only then its method."""
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> dict[str, Any]:
        """What every template knows, as one plain mapping: Jinja's own chain of two is walked anew at each include."""
        return {**self.globals, **(d or {})}


def due(at: datetime, now: datetime) -> Markup:
    """A deadline as an element that amends.js keeps going; late ones are marked so, and say so."""
    late = " due--late" if at <= now else ""
    return Markup(f'<time class="due{late}" datetime="{at.isoformat()}" data-tick="left">{left(at, now)}</time>')  # noqa: S704


def since(at: datetime, now: datetime) -> Markup:
    """How long something has gone on, as an element that amends.js keeps going."""
    return Markup(f'<time datetime="{at.isoformat()}" data-tick="since">{minutes_words(now - at)}</time>')  # noqa: S704


def without(query: Mapping[str, Any], *names: str) -> str:
    """An address's query with some names left out: how one filter is taken off."""
    kept = {name: value for name, value in query.items() if name not in names and value not in (None, "", False)}
    return "?" + urlencode(kept, doseq=True) if kept else "?"


def key(path: str) -> str:
    """A JSON path as an element's id: `post.posted_at` is `post-posted_at`."""
    return path.replace(".", "-").replace("/", "-")


@pass_context
def form_of(context: Context, path: str) -> dict[str, Any]:
    """What the form that posts to `path` has to show: its id, and its errors and typed words if it was the refused one.

    A page with a single form leaves `open_form` out. Reads `open_form`, `errors`, `typed` of the page.
    """
    opened = context.get("open_form")
    refused = opened is None or bool(opened and (opened == path or str(opened).endswith("/" + path)))
    return {
        "id": key(path),
        "refused": bool(refused and context.get("errors")),
        "errors": (context.get("errors") or {}) if refused else {},
        "typed": (context.get("typed") or {}) if refused else {},
    }


class Shown:
    """A row of a list and the words for its times; alike where everything that is shown is alike."""

    __slots__ = ("ages", "key", "row")

    def __init__(self, row: Mapping[str, Any], now: datetime) -> None:
        live, next_due = row.get("live_since"), row.get("next_due")
        self.row = row
        self.ages = {
            "live": minutes_words(now - live) if live else "",
            "reported": minutes_words(now - row["reported_at"]) if "reported_at" in row else "",
            "left": left(next_due["at"], now) if next_due else "",
            "late": next_due is not None and next_due["at"] <= now,
        }
        told = next_due.values() if next_due else ()
        # The nearest deadline comes as a mapping, which has no hash: its values stand for it.
        self.key = (*[value for value in row.values() if value is not next_due], *told, *self.ages.values())

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shown) and self.key == other.key


def row_maker(env: Environment) -> Any:
    """`rows_of(rows, now, …)` are rows of a list as HTML. An open queue asks for the same ones again and again."""

    @lru_cache(maxsize=ROWS_KEPT)
    def made(shown: Shown, *how: Any) -> Markup:
        module: Any = env.get_template("partials/row.html").module
        return module.row(shown.row, shown.ages, *how)

    def rows_of(rows: Iterable[Mapping[str, Any]], now: datetime, *how: Any) -> Markup:
        return Markup("".join([made(Shown(row, now), *how) for row in rows]))  # noqa: S704 - each is a template's own

    return rows_of


def asset_finder(static: Path, reload: bool = False) -> Any:
    """`asset("amends.css")` is the address of that file with its hash in the name, as `manifest.json` has it.

    The manifest maps plain names to hashed ones, `{"amends.css": "amends.1f0c.css"}`; a name it lacks stays plain.
    """

    @cache
    def names() -> dict[str, str]:
        manifest = static / "manifest.json"
        return json.loads(manifest.read_text()) if manifest.exists() else {}

    def asset(name: str) -> str:
        if reload:
            names.cache_clear()
        return f"/static/{names().get(name, name)}"

    return asset


def environment(
    words: Tables,
    templates: Path = TEMPLATES,
    static: Path = STATIC,
    reload: bool = False,
    compiled: BytecodeCache | None = None,
) -> Environment:
    """The environment that makes every page and PDF, with these tables of words.

    Templates stay compiled, unless `reload` looks at them again.
    """
    env = Pages(
        loader=ChoiceLoader(
            [
                FileSystemLoader(templates),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
            ]
        ),
        autoescape=select_autoescape(("html", "svg"), default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=reload,
        cache_size=-1,
        bytecode_cache=compiled,
    )

    for each in (
        clock,
        day,
        by,
        place,
        moment,
        local,
        minutes_words,
        left,
        due,
        since,
        size,
        weekday,
        without,
        key,
    ):
        env.filters[each.__name__] = each
    env.filters |= filters(words)
    env.globals.update(asset=asset_finder(static, reload), form_of=form_of, words=words, rows_of=row_maker(env))
    return env
