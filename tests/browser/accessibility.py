"""What axe finds in a page: each place that breaks a rule, in the page and in the frames inside it."""

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe().axe_script
#: The rules whose outcome a theme can change.
COLOURS = ("color-contrast", "link-in-text-block")

#: Each kind of element: its name, its classes, which attributes it has, and the same of what it stands in.
KINDS = """() => {
  const kind = element => element ? [element.localName, element.className, element.getAttribute('role'),
    element.getAttribute('type'), ...element.getAttributeNames().sort()].join(' ') : ''
  return [...new Set([...document.querySelectorAll('*')].map(each => kind(each.parentElement) + ' > ' + kind(each)))]
}"""
_SEEN: set[str] = set()


def has_new_kinds(page: Page) -> bool:
    """Whether any element is of a kind that this process has not checked yet; from now on all of them are."""
    kinds = set(page.evaluate(KINDS))
    is_new = not kinds <= _SEEN
    _SEEN.update(kinds)
    return is_new


def faults_of(page: Page, *rules: str, without: Sequence[str] = ()) -> list[str]:
    """Each as "rule: element". Without `rules`, all of axe's rules are run except those in `without`."""
    # Each frame by itself: from outside axe sees nothing of one of another origin, and does not say so.
    options: dict[str, Any] = {"resultTypes": ["violations"], "iframes": False}
    options |= {"runOnly": rules} if rules else {"rules": {rule: {"enabled": False} for rule in without}}
    found: list[dict[str, Any]] = []
    for frame in page.frames:
        if not frame.evaluate("'axe' in window"):
            frame.evaluate(AXE)
        found += frame.evaluate("options => axe.run(options).then(({violations}) => violations)", options)
    return [f"{fault['id']}: {node['html']}" for fault in found for node in fault["nodes"]]
