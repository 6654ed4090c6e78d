"""What moves on a page by itself, and what is cut: in the bar on top, and in the rows of a list."""

from collections.abc import Iterator

from playwright.sync_api import Page

WATCH = """async () => {
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))); // what is under way is drawn
  window.moved = [];
  new PerformanceObserver(list => {
    for (const { sources } of list.getEntries().filter(entry => !entry.hadRecentInput)) {
      const parts = sources.map(({ node }) => node?.nodeType === Node.TEXT_NODE ? node.parentElement : node);
      // A new kind of need takes its place among the others on their line.
      const moved = parts.filter(part => !part?.closest(".needs-you"));
      window.moved.push(...moved.map(part => part?.outerHTML.slice(0, 120) ?? "what is gone by now"));
    }
  }).observe({ type: "layout-shift" });
}"""
CUT = """() => {
  const parts = document.querySelectorAll(".shell-bar :is(a, button, input, summary), .shell-nav");
  const shown = [...parts].filter(part => part.checkVisibility());
  const boxes = shown.map(part => [part, part.getBoundingClientRect()]);
  const inside = ({ left, right, bottom }) => left >= 0 && right <= innerWidth && bottom <= innerHeight;
  const isWhole = (part, box) => inside(box) && part.scrollWidth <= part.clientWidth + 1 && box.width >= 24;
  const isNarrow = (part, box) => part.matches("input") && box.width < 120;
  return boxes.filter(([part, box]) => !isWhole(part, box) || isNarrow(part, box)).map(([part]) => part.outerHTML);
}"""
HIDDEN = """() => {
  const ends = part => part.getBoundingClientRect().right;
  const isHidden = part => ends(part) > ends(part.closest("th, td, .needs-you, .today")) + 1;
  const verdicts = document.querySelectorAll(".list-fixed :is(.outcome span, .stalled-mark)");
  const needs = document.querySelectorAll(".needs-you a, .today a");
  return [...verdicts, ...needs].filter(part => part.checkVisibility() && isHidden(part)).map(part => part.outerHTML);
}"""
CUT_CELLS = """() => {
  const rows = document.querySelector(".list-fixed > tbody");
  // An id, and a reason of many words, may end in dots. What is read out is drawn nowhere.
  const whole = rows.querySelectorAll(":is(th, td):not(.id, :has(.few-lines, .visually-hidden)), .row-link");
  const isCut = part => part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1;
  const cut = [...whole].filter(part => part.clientWidth && isCut(part)).map(part => part.innerText + " is cut");
  const texts = document.createTreeWalker(rows, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    for (const word of texts.currentNode.data.matchAll(/[a-z]+/gi)) {
      const place = document.createRange();
      place.setStart(texts.currentNode, word.index);
      place.setEnd(texts.currentNode, word.index + word[0].length);
      const lines = new Set([...place.getClientRects()].filter(({ width }) => width).map(({ top }) => Math.round(top)));
      if (lines.size > 1) cut.push(word[0] + " is broken");
    }
  }
  return cut;
}"""
WIDTHS = (360, 390, 768, 834, 1024, 1280, 1920)


def watch_for_moves(page: Page) -> None:
    """From here on, while nobody presses anything."""
    page.evaluate(WATCH)


def moves(page: Page) -> list[str]:
    drawn = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(window.moved))))"
    return list(page.evaluate(drawn))


def check_verdicts_and_needs(page: Page) -> None:
    """No verdict of a list is cut in half, and no need waits beyond the edge."""
    for width in at_each_width(page):
        hidden = page.evaluate(HIDDEN)
        assert not hidden, f"at {width} px: {hidden}"


def check_rows(page: Page) -> None:
    """No cell of a list is cut, and no word in it broken."""
    for width in at_each_width(page):
        cut = page.evaluate(CUT_CELLS)
        assert not cut, f"{page.url} at {width} px: {cut}"


def check_top_bar(page: Page) -> None:
    """At each width nothing of it is cut off, lies outside, or is too narrow to be used."""
    for width in at_each_width(page):
        cut = page.evaluate(CUT)
        assert not cut, f"at {width} px: {cut}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"at {width} px"


def at_each_width(page: Page) -> Iterator[int]:
    """Gives the page one width after the other, and at last its own."""
    usual = page.viewport_size
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        yield width
    page.set_viewport_size(usual or {"width": 1280, "height": 800})
