// Builds the screens: elements, buttons, fields. Each screen is a promise of the customer's answer.
import { t } from "./texts.js";

export const BACK = Symbol("back");
const main = document.getElementById("screen");
let backAllowed = false;

export function allowBack(allowed) {
  backAllowed = allowed;
}

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function button(label, click, kind = "secondary") {
  return element("button", { type: "button", class: kind, click }, label);
}

/** Shows a screen; `build(answer)` makes its content, and `answer(value)` ends it. */
export function show(title, build) {
  return new Promise((answer) => {
    const heading = element("h1", { tabindex: -1 }, title);
    const back = backAllowed ? button(t("back"), () => answer(BACK), "back") : null;
    document.title = title;
    main.replaceChildren(...[back, heading, ...build(answer)].filter((part) => part !== null));
    heading.focus();
    window.scrollTo(0, 0);
  });
}

/** A waiting screen, which stays until the next one. */
export function showWaiting(title) {
  allowBackFor(false, () => show(title, () => [element("p", { class: "waiting", role: "status" }, t("pleaseWait"))]));
}

function allowBackFor(allowed, run) {
  const before = backAllowed;
  backAllowed = allowed;
  run();
  backAllowed = before;
}

/** A form that Enter submits too. `submitted(form)` returns the text of a problem, or "" if there is none. */
export function form(content, label, submitted) {
  const problem = element("p", { class: "problem", role: "alert", hidden: true });
  return element(
    "form",
    {
      novalidate: true,
      submit: (event) => {
        event.preventDefault();
        const found = submitted(event.currentTarget);
        problem.hidden = !found;
        problem.textContent = found;
      },
    },
    ...content,
    problem,
    element("button", { type: "submit", class: "primary" }, label),
  );
}

export function labelled(label, control, hint = "") {
  const hintId = `${control.id}-hint`;
  if (hint) control.setAttribute("aria-describedby", hintId);
  return element(
    "p",
    { class: "field" },
    element("label", { for: control.id }, label),
    control,
    hint ? element("span", { class: "hint", id: hintId }, hint) : null,
  );
}

/** One of several values, as radio buttons. `options` are {value, label}. */
export function choice(legend, name, options) {
  const rows = options.map(({ value, label }, index) => {
    const input = element("input", { type: "radio", name, value, id: `${name}-${index}`, required: true });
    return element("label", { class: "option", for: input.id }, input, element("span", {}, label));
  });
  return element("fieldset", {}, element("legend", {}, legend), ...rows);
}

/** The chosen value of a `choice`, or undefined. */
export function chosen(form, name) {
  return form.querySelector(`input[name="${name}"]:checked`)?.value;
}
