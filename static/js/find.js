// The box that finds everything, as a combobox: answers while typing, arrow keys, Enter, Escape. Without it the form
// leads to a page with the same answers.
(() => {
  "use strict";

  const box = document.getElementById("find-anything");
  const panel = document.getElementById("find-panel");
  if (!box || !panel) return;

  let active = null; // the answer that Enter opens

  const answers = () => [...panel.querySelectorAll("[role=option]")];

  function activate(answer) {
    active?.setAttribute("aria-selected", "false");
    active = answer;
    if (!answer) return box.removeAttribute("aria-activedescendant");
    answer.setAttribute("aria-selected", "true");
    answer.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", answer.id);
  }

  function show(isWanted) {
    panel.hidden = !isWanted || !panel.textContent.trim();
    box.setAttribute("aria-expanded", String(!panel.hidden && answers().length > 0));
    if (panel.hidden) activate(null);
  }

  // From the box through all answers, and to the box again.
  function move(step) {
    const stops = [null, ...answers()];
    activate(stops.at((stops.indexOf(active) + step) % stops.length));
  }

  const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-controls": "find-list", "aria-expanded": "false" };
  for (const [name, value] of Object.entries(attributes)) box.setAttribute(name, value);

  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && answers().length) {
      event.preventDefault();
      if (panel.hidden) show(true);
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && active) {
      event.preventDefault();
      active.click();
    } else if (event.key === "Escape" && !panel.hidden) {
      event.preventDefault(); // A second press empties the box.
      show(false);
    }
  });

  box.addEventListener("input", () => {
    activate(null); // It answers what was typed before.
    if (box.value.trim().length < 2) {
      panel.replaceChildren();
      show(false);
    }
  });
  box.addEventListener("focus", () => show(true));
  box.form.addEventListener("focusout", ({ relatedTarget }) => { if (!box.form.contains(relatedTarget)) show(false); });
  panel.addEventListener("pointerdown", (event) => event.preventDefault()); // The box keeps the focus.

  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target !== panel) return;
    activate(null);
    if (box.value.trim().length < 2) panel.replaceChildren(); // It was emptied meanwhile.
    show(box.form.contains(document.activeElement));
  });
})();
