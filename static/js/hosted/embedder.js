// The partner's page around this one: takes its configuration and reports what happened. A Smile Link's page has no
// such page, and is its own embedder.
import { stopCamera } from "./camera.js";
import { element, show } from "./screens.js";
import { t } from "./texts.js";

const PRESS_ENDS_MS = 50;
let ended = false;

export function isLink() {
  return document.getElementById("config") !== null;
}

export function configuration() {
  if (isLink()) return Promise.resolve(JSON.parse(document.getElementById("config").textContent));
  return new Promise((resolve) => {
    window.addEventListener("message", ({ data, source }) => {
      if (source !== window.parent || typeof data !== "string") return;
      let told;
      try {
        told = JSON.parse(data);
      } catch {
        return; // Another sender's message.
      }
      if (told && told.source === "SmileIdentity::Configuration") resolve(told);
    });
    tell("SmileIdentity::ChildPageReady");
  });
}

/** The end of the visit: `event` is the part of the message after "SmileIdentity::". */
export function leave(event, config = {}, asObject = false) {
  if (ended) return;
  ended = true;
  stopCamera();
  const message = `SmileIdentity::${event}`;
  if (!isLink()) {
    // Let the press that led here finish first: if its iframe vanishes meanwhile, a browser may never finish it.
    setTimeout(() => tell(asObject ? { message } : message), PRESS_ENDS_MS);
  } else if (event === "Success" && /^https?:/.test(config.redirect_url || "")) {
    window.location.assign(config.redirect_url);
  } else {
    document.querySelector("button.close").hidden = true;
    show(event === "Success" ? t("doneTitle") : t("leftTitle"), () => [element("p", {}, t("closeWindow"))]);
  }
}

/** The end of a visit to a page of v12. `result` is what the partner's onResult gets. */
export function report(result) {
  if (ended) return;
  ended = true;
  stopCamera();
  setTimeout(() => tell({ message: "SmileIdentity::Result", result }), PRESS_ENDS_MS);
}

function tell(message) {
  // Any partner may frame this page, so the target cannot be named; nothing sent here is secret.
  window.parent.postMessage(message, "*");
}
