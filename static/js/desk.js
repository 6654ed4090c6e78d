// Enhances the pages: polling that follows attention, updates that disturb nobody, copying, previews of chosen images.
// Everything works without it, only less comfortably. No markup is made from data here.
(() => {
  "use strict";

  const FAST_MS = 3_000;
  const FRESH_MS = [1_000, 1_000, 2_000]; // for what was just created, marked by the server with data-fresh
  const SLOW_MS = 60_000;
  const ACTIVE_FOR_MS = 60_000;
  const AGES_HOLD_MS = 60_000;

  // --- Polling: <div id="..." data-poll hx-get="..." hx-trigger="desk:poll" hx-swap="morph:outerHTML">

  let lastActivity = Date.now();
  const asking = new Set(); // ids of elements that wait for their answer
  const askedAt = new Map();
  const soon = new Map(); // an element's waits before FAST_MS applies

  const polled = () => document.querySelectorAll("[data-poll]");

  function poll(rightNow) {
    const now = Date.now();
    const isWatched = !document.hidden && now - lastActivity < ACTIVE_FOR_MS;
    for (const element of polled()) {
      if (!askedAt.has(element.id)) {
        askedAt.set(element.id, now); // it came with the page
        soon.set(element.id, "fresh" in element.dataset ? [...FRESH_MS] : []);
      }
      const wait = isWatched ? soon.get(element.id)[0] ?? FAST_MS : SLOW_MS;
      if (asking.has(element.id) || (!rightNow && now - askedAt.get(element.id) < wait)) continue;
      htmx.trigger(element, "desk:poll");
    }
  }

  for (const sign of ["pointermove", "pointerdown", "keydown", "touchstart", "focusin", "wheel"]) {
    document.addEventListener(sign, () => { lastActivity = Date.now(); }, { passive: true, capture: true });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    lastActivity = Date.now();
    poll(true);
  });
  setInterval(poll, 250, false);
  poll(false); // nothing is due yet: the waits begin now

  // If nothing is new the answer is empty, and ages on the page stand still: now and then everything is requested.
  let drawnAt = Date.now();

  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (!detail.elt.matches("[data-poll]") || Date.now() - drawnAt < AGES_HOLD_MS) return;
    detail.path = detail.path.replace(/([?&])seen=\d+&?/, "$1");
  });
  document.addEventListener("htmx:beforeSend", ({ detail }) => {
    if (!detail.elt.matches("[data-poll]")) return;
    asking.add(detail.elt.id);
    soon.get(detail.elt.id)?.shift();
    askedAt.set(detail.elt.id, Date.now());
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const { requestConfig, xhr } = detail;
    const { elt } = requestConfig; // detail.elt is another one if the answer removed the asking element
    if (!asking.delete(elt.id)) return;
    askedAt.set(elt.id, Date.now());
    // A 4xx is an answer: only silence (status 0) and 5xx mean that the connection is lost.
    notePolling(elt.id, xhr.status > 0 && xhr.status < 500);
  });

  const calmNotes = new WeakMap();

  function notePolling(id, isConnected) {
    const note = document.getElementById(id)?.querySelector("[data-poll-note]");
    if (!note) return;
    if (!isConnected && !note.classList.contains("poll-failed")) {
      calmNotes.set(note, note.textContent);
      note.textContent = "connection lost, trying again";
      note.classList.add("poll-failed");
      announce("Connection lost, trying again");
    } else if (isConnected && note.classList.contains("poll-failed")) {
      note.textContent = calmNotes.get(note) ?? "";
      note.classList.remove("poll-failed");
    }
  }

  // --- Updates keep what a person is using: selected text, open details, typed values, ticked boxes.

  // A redraw that a person asked for takes the server's values, except for what was typed since.

  // State of the current swap; htmx swaps in the same turn in which it announces it.
  let isPollAnswer = false;
  let askedBy = null;
  const typedSinceAsked = new Set();

  document.addEventListener("input", ({ target }) => { typedSinceAsked.add(target); });
  document.addEventListener("htmx:beforeSend", ({ detail }) => {
    if (!detail.elt.matches("[data-poll]")) typedSinceAsked.clear();
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, requestConfig } = event.detail;
    isPollAnswer = requestConfig.elt.matches("[data-poll]");
    askedBy = requestConfig.elt;
    // A filter's words follow what was just chosen in it, even while it has the focus.
    const isChosen = requestConfig.elt.matches("form.filters") && document.activeElement.matches("select");
    if (window.Idiomorph) Idiomorph.defaults.ignoreActiveValue = !isChosen;
    const selection = getSelection();
    if (isPollAnswer && !selection.isCollapsed && selection.containsNode(target, true)) event.detail.shouldSwap = false;
    else if (isPollAnswer && event.detail.shouldSwap) drawnAt = Date.now();
  });

  if (window.Idiomorph) {
    Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) => {
      if (name === "open" && element.matches("details, dialog")) return mayFold(element) ? undefined : false;
      if (name === "checked" && element.id === "filters-toggle") return false;
      const isTyped = ((name === "checked" || name === "value") && element.matches("input:not([type=hidden])")) ||
        (name === "selected" && element.matches("option"));
      const isNewer = isPollAnswer || typedSinceAsked.has(element.closest("select") ?? element);
      return isTyped && isNewer ? false : undefined;
    };
    // What a person revealed stays until they hide it.
    Idiomorph.defaults.callbacks.beforeNodeMorphed = (node) => !(isPollAnswer && node.matches?.("[data-keep]"));
    // Chosen files stay in their field, which the server does not know about; so do their previews.
    Idiomorph.defaults.callbacks.beforeNodeRemoved = (node) => !node.matches?.(".previews");
  }

  // --- Steps of a form: <details data-decided> folds once a choice is made, and the focus goes on to [data-next].
  // Arrow keys choose every card they pass, so with the keyboard it folds when the focus leaves it.

  let isByKeyboard = false;
  addEventListener("keydown", () => { isByKeyboard = true; }, true);
  addEventListener("pointerdown", () => { isByKeyboard = false; }, true);

  function mayFold(element) {
    const isChosenInIt = element.matches("[data-decided]") && element.contains(askedBy);
    return isChosenInIt && !(isByKeyboard && element.contains(document.activeElement));
  }

  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    const step = target.closest?.("details.is-decided[open]");
    if (step && isByKeyboard && relatedTarget && !step.contains(relatedTarget)) step.open = false;
  });
  document.addEventListener("click", ({ target }) => {
    const step = target.matches("input[type=radio]") && !isByKeyboard && target.closest("details.is-decided[open]");
    if (step) setTimeout(() => { // Choosing the same card again causes no redraw.
      if (step.querySelector(".htmx-request")) return;
      step.open = false;
      goOn();
    });
  });

  function goOn() {
    const step = document.activeElement?.closest("details.is-decided:not([open])");
    if (step && !document.activeElement.matches("summary")) step.closest("form").querySelector("[data-next]")?.focus();
  }

  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    const form = document.querySelector("form[data-address]");
    if (!form || detail.requestConfig?.verb !== "post") return;
    goOn();
    giveFilesBack();
    // Back and a reload show the same choice: the address holds it, but no personal data.
    history.replaceState(history.state, "", form.dataset.address);
  });

  // A browser may restore another choice than the one that the page was rendered for.
  addEventListener("pageshow", () => {
    const isOther = (field) => field.type === "radio"
      ? field.checked && !field.defaultChecked
      : field.selectedOptions?.[0] && !field.selectedOptions[0].defaultSelected && field.selectedIndex > 0;
    const other = [...document.querySelectorAll("form[data-address] [hx-trigger=change]")].find(isOther);
    if (other) htmx.trigger(other, "change");
    document.querySelectorAll(PREVIEWED).forEach(showPreviews);
  });

  // --- A pressed button says so, and a second press does nothing. It is restored if no page follows.

  const GIVEN_BACK_AFTER_MS = 15_000;
  const sending = new WeakSet();

  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (!form.elements.form_key || form.matches("[hx-post]") || form.querySelector(".htmx-request")) return;
    if (submitter?.matches("[data-downloads]")) return; // the page stays
    if (sending.has(form)) return event.preventDefault();
    sending.add(form);
    const button = form.querySelector("[data-sending]") ?? submitter;
    // The form is read only now, and a button that is already disabled would not be in it.
    setTimeout(() => button && showSending(button, true));
    const giveBack = () => {
      sending.delete(form);
      if (button) showSending(button, false);
    };
    setTimeout(giveBack, GIVEN_BACK_AFTER_MS);
    addEventListener("pagehide", giveBack, { once: true }); // Back may show this page again.
  });

  function showSending(button, isSending) {
    button.disabled = isSending;
    if (isSending) button.dataset.sending = button.textContent;
    button.textContent = isSending ? "Sending" : button.dataset.sending;
    if (isSending) announce("Sending");
  }

  // --- A form that is being redrawn is sent once that is done, so that the latest choice goes along.

  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (!form.querySelector(".htmx-request")) return;
    event.preventDefault();
    document.addEventListener("htmx:afterRequest", () => setTimeout(() => {
      if (form.isConnected) form.requestSubmit(submitter?.isConnected ? submitter : null);
    }), { once: true });
  });

  // --- Announcements for screen readers and the tab's title: data-announce, data-title.

  const announced = new Map();

  function announce(text) {
    document.getElementById("announcements")?.replaceChildren(text);
  }

  function readMarkers(isFirst) {
    for (const element of document.querySelectorAll("[data-announce]")) {
      const text = element.dataset.announce;
      if (announced.get(element.id) === text) continue;
      announced.set(element.id, text);
      if (text && !isFirst) announce(text);
    }
    const title = document.querySelector("[data-poll][data-title], [data-title]")?.dataset.title;
    if (title) document.title = title;
  }

  document.addEventListener("htmx:afterSettle", () => {
    readMarkers(false);
    // It has the focus by now; left on the page, it would take the focus again at every update.
    document.querySelectorAll("[autofocus]").forEach((element) => element.removeAttribute("autofocus"));
  });

  // --- Lists: a choice in the filter counts at once; a row opens wherever it is pressed; cut-off text gets a tooltip.

  let lastKey = ""; // the last key pressed in the focused field since the last mouse press

  document.addEventListener("keydown", ({ key }) => { lastKey = key; }, true);
  for (const away of ["pointerdown", "focusin"]) document.addEventListener(away, () => { lastKey = ""; }, true);
  document.addEventListener("change", ({ target }) => {
    const form = target.closest("form.filters");
    if (!form) return;
    const isByKey = lastKey && lastKey !== "Enter";
    // With the keyboard each arrow or digit of a date is a change: it counts once the field is left.
    if (isByKey && target.matches("select, [type=date]")) {
      target.onblur = () => {
        target.onblur = null;
        form.requestSubmit();
      };
    } else if (lastKey !== "Enter" || target.matches("select")) {
      form.requestSubmit(); // Enter in a field sends the form anyway.
    }
  });
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (!detail.requestConfig?.elt.matches("form.filters")) return;
    announce(document.querySelector("[data-count], .empty-state h2")?.textContent ?? "");
  });

  const PRESSED_BY_ITSELF = "a, button, input, select, textarea, label, summary, [data-copy]";

  function openRow(event) {
    const row = event.target.closest("tr:has(.row-link)");
    if (!row || event.target.closest(PRESSED_BY_ITSELF) || !getSelection().isCollapsed || event.button > 1) return;
    const link = row.querySelector(".row-link");
    if (event.button === 1 || event.ctrlKey || event.metaKey || event.shiftKey) open(link.href, "_blank", "noopener");
    else link.click();
  }

  document.addEventListener("click", openRow);
  document.addEventListener("auxclick", openRow);
  document.addEventListener("pointerover", ({ target }) => {
    const cell = target.closest?.(".few-lines, .list-fixed td, .list-fixed th");
    const isCut = cell && (cell.scrollWidth > cell.clientWidth || cell.scrollHeight > cell.clientHeight + 2);
    if (isCut && !cell.title) cell.title = cell.textContent.trim().replace(/\s+/g, " ");
  });

  // --- The way back from an item leads to the list as this tab last showed it: its filters and its page.

  const LIST = "list ";

  function noteList() {
    if (document.querySelector("form.filters")) sessionStorage.setItem(LIST + location.pathname, location.search);
  }

  noteList();
  document.addEventListener("htmx:afterSettle", noteList);
  for (const link of document.querySelectorAll(".crumbs a")) {
    link.search = sessionStorage.getItem(LIST + link.pathname) ?? link.search;
  }

  // --- "/" leads to the search, unless the member switched that off or is typing.

  document.addEventListener("keydown", (event) => {
    const search = document.querySelector("[data-slash]");
    const isTyping = event.target.closest?.("input, select, textarea, [contenteditable]");
    if (event.key !== "/" || !search || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    search.focus();
  });

  // --- Copying: <span data-copy="text">; a press does nothing while text is selected.

  async function copy(element) {
    if (!getSelection().isCollapsed) return;
    try {
      await navigator.clipboard.writeText(element.dataset.copy);
    } catch {
      return getSelection().selectAllChildren(element); // Without access to the clipboard, select the text.
    }
    element.classList.add("copied");
    announce("Copied");
    setTimeout(() => element.classList.remove("copied"), 1_500);
  }

  document.addEventListener("click", ({ target }) => {
    const copyable = target.closest("[data-copy]");
    if (copyable) copy(copyable);
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    const copyable = event.target.closest?.("[data-copy]:not(button)");
    if (copyable && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      copy(copyable);
    }
    const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  document.addEventListener("click", ({ target }) => { if (target.closest("[data-print]")) print(); });

  // --- Countdowns: <time data-countdown datetime="...">

  function countDown() {
    for (const element of document.querySelectorAll("[data-countdown]")) {
      const seconds = Math.max(0, Math.round((Date.parse(element.dateTime) - Date.now()) / 1000));
      const parts = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
      const first = parts.findIndex((part) => part > 0);
      element.textContent = seconds === 0 ? "over" : parts.map((part, at) => `${part} ${["d", "h", "min", "s"][at]}`).slice(first, first + 2).join(" ");
    }
  }

  countDown();
  setInterval(countDown, 1_000);

  // --- Previews: <input type="file" data-preview>, images also dropped on its [data-drop] or pasted.

  const PREVIEWED = 'input[type="file"][data-preview]';

  function setFiles(input, files) {
    const transfer = new DataTransfer();
    for (const file of input.multiple ? files : files.slice(-1)) transfer.items.add(file);
    input.files = transfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  const chosenFiles = new Map(); // by field; kept while another choice lacks the field

  function giveFilesBack() {
    for (const input of document.querySelectorAll(PREVIEWED)) {
      if (!input.files.length && chosenFiles.get(input.name)?.length) setFiles(input, chosenFiles.get(input.name));
    }
  }

  function showPreviews(input) {
    chosenFiles.set(input.name, [...input.files]);
    if (input.files.length) forgetError(input);
    input.parentElement.querySelector(":scope > .previews")?.remove();
    if (!input.files.length) return;
    const list = document.createElement("ul");
    list.className = "previews";
    list.append(...[...input.files].map((file) => preview(input, file)));
    input.after(list);
  }

  function forgetError(input) {
    const field = input.closest(".field-invalid");
    field?.classList.remove("field-invalid");
    field?.querySelector(".field-error")?.remove();
    input.removeAttribute("aria-invalid");
  }

  function preview(input, file) {
    const item = document.createElement("li");
    if (file.type.startsWith("image/")) {
      const image = document.createElement("img");
      image.alt = "";
      image.src = URL.createObjectURL(file);
      image.onload = image.onerror = () => URL.revokeObjectURL(image.src);
      item.append(image);
    }
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "Remove";
    remove.setAttribute("aria-label", `Remove ${file.name}`);
    remove.onclick = () => {
      setFiles(input, [...input.files].filter((other) => other !== file));
      input.focus();
    };
    item.append(`${file.name}, ${sizeInWords(file.size)}`, document.createElement("br"), remove);
    return item;
  }

  function sizeInWords(bytes) {
    return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  }

  function addFiles(input, files) {
    const images = [...files].filter((file) => file.type.startsWith("image/"));
    if (images.length) setFiles(input, [...input.files, ...images]);
    return images.length > 0;
  }

  const inputOfZone = (target) => target.closest?.("[data-drop]")?.querySelector(PREVIEWED);

  document.addEventListener("change", ({ target }) => { if (target.matches(PREVIEWED)) showPreviews(target); });
  document.addEventListener("dragover", (event) => {
    if (!inputOfZone(event.target)) return;
    event.preventDefault();
    event.target.closest("[data-drop]").classList.add("dropping");
  });
  for (const end of ["dragleave", "drop"]) {
    document.addEventListener(end, ({ target }) => target.closest?.("[data-drop]")?.classList.remove("dropping"));
  }
  document.addEventListener("drop", (event) => {
    const input = inputOfZone(event.target);
    if (!input) return;
    event.preventDefault();
    addFiles(input, event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    // Into the focused field, or else the first empty one.
    const empty = [...document.querySelectorAll(PREVIEWED)].find((input) => !input.files.length);
    const input = inputOfZone(document.activeElement) ?? empty;
    if (input && addFiles(input, event.clipboardData.files)) event.preventDefault();
  });

  // --- When a page is left, the tab keeps only the address of its list, with searches sealed; signing out removes that
  // too. htmx would keep the address of every page.

  addEventListener("pagehide", () => {
    for (const key of Object.keys(sessionStorage)) if (!key.startsWith(LIST)) sessionStorage.removeItem(key);
  });

  readMarkers(true);
})();
