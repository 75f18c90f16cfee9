"""What is looked at on every page, whatever it is about: that everyone can use it, and that nothing is cut off."""

from collections.abc import Iterable

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Locator, Page, ViewportSize

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 900}

# Its rule on the size of targets is of WCAG 2.2 and has to be asked for.
RUN_AXE = """() => axe.run(document, {
    resultTypes: ["violations"],
    rules: {"target-size": {enabled: true}},
}).then((found) => found.violations.map((each) => {
    const nodes = each.nodes.slice(0, 4).map((node) => node.html.slice(0, 160));
    return `${each.id}: ${each.help}: ${nodes.join(" ")}`;
}))"""
SIDEWAYS = """() => {
    const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= wide) return [];
    const all = [...document.querySelectorAll("body *")];
    const out = all.filter((each) => each.getBoundingClientRect().right > wide + 1);
    return [`${document.documentElement.scrollWidth} of ${wide} pixels`, ...out.slice(0, 5).map(
        (each) => `${each.tagName.toLowerCase()}.${each.className} ${each.textContent.trim().slice(0, 40)}`)];
}"""
SETTLES_IN = 100
"""Milliseconds: just after its window changed size, Chromium measures with one foot in the old one.

Nothing on the page is asked to say when that is over: without scripts it never would.
"""
SAID_TWICE = """() => {
    const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
    return ids.filter((id, place) => ids.indexOf(id) !== place);
}"""


def sound(page: Page, sizes: Iterable[ViewportSize] = (PHONE, DESK)) -> None:
    """Assert that axe finds nothing, nothing scrolls sideways and no id is said twice, on a phone and at a desk."""
    before = page.viewport_size
    for size in sizes:
        page.set_viewport_size(size)
        page.wait_for_timeout(SETTLES_IN)
        fits(page)
        assert not (wrong := violations(page)), (f"{page.url} at {size['width']} px", wrong)
    assert not (twice := page.evaluate(SAID_TWICE)), (page.url, twice)
    assert page.locator("h1").count() == 1, page.url
    if before and before != page.viewport_size:
        page.set_viewport_size(before)


def fits(page: Page) -> None:
    """Assert that nothing scrolls sideways."""
    assert not (wide := page.evaluate(SIDEWAYS)), (page.url, wide)


def violations(page: Page) -> list[str]:
    """What axe finds wrong now, each with the elements it is about."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(RUN_AXE)


def sound_without_scripts(page: Page) -> None:
    """The same for a page on which no script runs, and so not axe's either.

    It is shown again, as it stands, where axe can run; the page's own scripts stay away there too.
    """
    browser = page.context.browser
    assert browser
    context = browser.new_context(viewport=PHONE, reduced_motion="reduce")
    try:
        shown = context.new_page()
        html = page.content()
        shown.route("**/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
        shown.route(page.url, lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
        shown.goto(page.url)
        sound(shown)
    finally:
        context.close()


def one_handed(page: Page, *targets: Locator) -> None:
    """Assert that each can be hit with a thumb: 44 pixels high, and within the screen's width."""
    width = (page.viewport_size or PHONE)["width"]
    page.wait_for_timeout(SETTLES_IN)
    for target in targets:
        box = target.bounding_box()
        assert box, f"{target} is not shown"
        assert box["height"] >= 44, (str(target), box)
        assert box["x"] >= 0, (str(target), box)
        assert box["x"] + box["width"] <= width, (str(target), box)
