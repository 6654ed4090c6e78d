// A button in each password field that shows what was typed. Without it the field is a plain password field.
(() => {
  "use strict";

  for (const field of document.querySelectorAll('input[type="password"]')) {
    const hadFocus = document.activeElement === field; // a field that is moved in the page loses it
    const frame = document.createElement("div");
    frame.className = "with-switch";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "show-password";
    button.setAttribute("aria-controls", field.id);
    field.before(frame);
    const word = document.createElement("span");
    const rest = document.createElement("span");
    rest.className = "visually-hidden";
    rest.textContent = " the password";
    button.append(word, rest);
    frame.append(field, button);

    const show = (isShown) => {
      field.type = isShown ? "text" : "password";
      word.textContent = isShown ? "Hide" : "Show";
    };
    button.addEventListener("click", () => show(field.type === "password"));
    // Submitted as a password, so that no browser remembers it for autofill.
    field.form?.addEventListener("submit", () => show(false));
    show(false);
    if (hadFocus) field.focus();
  }
})();
