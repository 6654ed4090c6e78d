"""Contrast in a page: text by axe, and what axe leaves out: focus rings, frames of fields and marks."""

from playwright.sync_api import Page

from tests.browser.accessibility import AXE

#: Each kind of text once: axe takes half a second for a long list, most of it for rows that are like the first.
TEXTS = """async () => {
  const options = { runOnly: ["color-contrast"], resultTypes: ["violations"], iframes: false, preload: false };
  const { violations } = await axe.run({ include: window.freshTexts }, options);
  return violations.flatMap(({ nodes }) => nodes.map(({ html, failureSummary }) => `${failureSummary} ${html}`));
}"""
#: Contrast as WCAG 2.2 defines it, of colours as they are drawn: what is half transparent lies on what is below it.
MEASURE = r"""
window.contrast ??= (() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const parse = colour => {
    if (!known.has(colour)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(colour, [red, green, blue, alpha / 255]);
    }
    return known.get(colour);
  };
  const over = (top, below) => top.slice(0, 3).map((each, at) => each * top[3] + below[at] * (1 - top[3])).concat(1);
  const luminance = ([...parts]) => {
    const [red, green, blue] = parts.map(each => each / 255)
      .map(each => each <= .04045 ? each / 12.92 : ((each + .055) / 1.055) ** 2.4);
    return .2126 * red + .7152 * green + .0722 * blue;
  };
  const ratio = (one, other) => {
    const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (lighter + .05) / (darker + .05);
  };
  // From the top down, each layer that is drawn; a pattern counts with all of its colours.
  const layers = elements => {
    const drawn = [];
    for (const element of elements) {
      const style = getComputedStyle(element);
      const pattern = (style.backgroundImage.match(/(rgba?|color|oklab)\([^)]*\)/g) ?? []).map(parse);
      if (pattern.length) return { drawn, grounds: pattern };
      const colour = parse(style.backgroundColor);
      if (colour[3] === 1) return { drawn, grounds: [colour] };
      if (colour[3] > 0) drawn.push(colour);
    }
    return { drawn, grounds: [parse(getComputedStyle(document.body).backgroundColor)] };
  };
  const groundsOf = elements => {
    const { drawn, grounds } = layers(elements);
    return grounds.map(ground => drawn.reduceRight((below, top) => over(top, below), ground));
  };
  const ancestors = element => {
    const found = [];
    for (let each = element; each; each = each.parentElement) found.push(each);
    return found;
  };
  const least = (colour, grounds) => Math.min(...grounds.map(ground => ratio(over(parse(colour), ground), ground)));
  const says = (element, what, value, theme) =>
    `${theme}: ${what} ${value.toFixed(2)} of ${element.outerHTML.replace(/\s+/g, " ").slice(0, 130)}`;
  const kindOf = element => [element.localName, element.type ?? "", [...element.classList].sort(),
    element.parentElement.localName, [...element.parentElement.classList].sort()].join("|");
  const isShown = element => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const fresh = (elements, seen, theme) => elements.filter(element => {
    const kind = `${theme} ${kindOf(element)} ${groundsOf(ancestors(element.parentElement)).join()}`;
    return isShown(element) && !seen.has(kind) && seen.add(kind);
  });

  const isRinged = element => element && getComputedStyle(element).outlineStyle === "solid" &&
    parseFloat(getComputedStyle(element).outlineWidth) >= 2;
  const isCut = (element, x, y) => ancestors(element.parentElement).some(each => {
    if (each === document.body || each === document.documentElement) return false;
    if (getComputedStyle(each).overflowX === "visible") return false;
    const box = each.getBoundingClientRect();
    return x < box.left || x > box.right || y < box.top || y > box.bottom;
  });
  // In the middle of each side the ring is compared with what lies inside and outside of it. A neighbour may touch one.
  const ring = (element, theme) => {
    element.focus();
    if (document.activeElement !== element) return [];
    const shown = [element, ...element.labels ?? [], element.parentElement, element.nextElementSibling].find(isRinged);
    if (!shown) return [`${theme}: no ring: ${element.outerHTML.slice(0, 130)}`];
    const style = getComputedStyle(shown), colour = parse(style.outlineColor);
    const inner = parseFloat(style.outlineOffset), outer = inner + parseFloat(style.outlineWidth);
    const box = shown.getClientRects()[0], x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
    const side = place => {
      const stacks = [outer + 1, inner - 1].map(away => document.elementsFromPoint(...place(away)));
      const grounds = stacks.filter(stack => stack.length).flatMap(groundsOf);
      return isCut(shown, ...place(outer - .5)) ? 1 : Math.min(21, ...grounds.map(ground => ratio(colour, ground)));
    };
    const sides = [away => [x, box.top - away], away => [x, box.bottom + away],
      away => [box.left - away, y], away => [box.right + away, y]].map(side);
    const value = sides.toSorted((a, b) => a - b)[1];
    return value >= 3 ? [] : [says(element, `ring (${sides.map(each => each.toFixed(1))})`, value, theme)];
  };
  const FOCUSABLE = "a[href]:not([tabindex='-1']), button, input:not([type=hidden]), select, textarea, summary, " +
    "[tabindex='0']";
  const FIELDS = "input:not([type=hidden], [type=submit]), select, textarea";
  const enabled = selector => [...document.querySelectorAll(selector)].filter(one => !one.disabled);
  const rings = (seen, theme) => fresh(enabled(FOCUSABLE), seen, theme).flatMap(element => ring(element, theme));
  const frames = (seen, theme) => fresh(enabled(FIELDS), seen, `${theme} frame`)
    .flatMap(element => {
      const style = getComputedStyle(element);
      // The browser draws these by itself, and they stand out in both of its themes.
      if (["checkbox", "radio", "file"].includes(element.type) && style.appearance !== "none") return [];
      const isFull = element.checked && style.appearance === "none";
      const grounds = groundsOf(ancestors(element.parentElement));
      const value = least(isFull ? style.backgroundColor : style.borderBottomColor, grounds);
      const isThere = isFull || parseFloat(style.borderBottomWidth) >= 1;
      return isThere && value >= 3 ? [] : [says(element, "frame", isThere ? value : 0, theme)];
    });
  // [which, how its colour is found]; of a step that is not done yet the frame.
  const MARKS = {
    ".shape": style => style.color,
    ".stage-steps li": style => style.borderTopColor,
    ".theme button": style => style.borderTopColor,
    ".product-card, .chip, .is-decided > summary": style => style.borderTopColor,
    ".step, .set-up > li::before": style => style.borderTopColor,
    ".proof li::before, .wallet-mark::before": style => style.color,
  };
  const marks = (seen, theme) => Object.entries(MARKS).flatMap(([selectors, colourOf]) =>
    selectors.split(", ").flatMap(selector => {
      const [host, part] = selector.split("::");
      return fresh([...document.querySelectorAll(host)], seen, `${theme} ${selector}`).flatMap(element => {
        const grounds = groundsOf(ancestors(part ? element : element.parentElement));
        const value = least(colourOf(getComputedStyle(element, part ? `::${part}` : null)), grounds);
        return value >= 3 ? [] : [says(element, `mark ${selector}`, value, theme)];
      });
    }));
  const texts = (seen, theme) => [...document.body.querySelectorAll("*")].filter(element => {
    if (![...element.childNodes].some(({ nodeType, data }) => nodeType === Node.TEXT_NODE && data.trim())) return false;
    const { color, fontSize, fontWeight, opacity } = getComputedStyle(element);
    return fresh([element], seen, `${theme} text ${[color, fontSize, fontWeight, opacity]}`).length;
  });
  return theme => {
    const seen = new Set(JSON.parse(localStorage.getItem("measured") ?? "[]"));
    window.freshTexts = texts(seen, theme);
    const found = rings(seen, theme);
    document.activeElement?.blur();
    found.push(...frames(seen, theme), ...marks(seen, theme));
    localStorage.setItem("measured", JSON.stringify([...seen]));
    return [found, window.freshTexts.length];
  };
})()
"""


def low_contrasts(page: Page, theme: str) -> list[str]:
    """Text below 4.5:1, and what else is below 3:1. In one context each kind of element is measured once."""
    found, texts = page.evaluate(f"theme => ({MEASURE})(theme)", theme)
    if texts:
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE)
        found += [f"{theme}: {' '.join(fault.split())}" for fault in page.evaluate(TEXTS)]
    return list(found)
