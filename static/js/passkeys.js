// Passkeys: <form data-passkey="get|create" data-options="{...}"> asks the browser and submits its answer.
// Only the server judges what was signed.
(() => {
  "use strict";

  const canUse = Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON);
  const REASONS = {
    NotAllowedError: "Nothing was chosen, or it took too long. Try again.",
    InvalidStateError: "This device has a passkey of yours already.",
    SecurityError: "Passkeys work only under the dashboard's own address.",
  };
  let waiting = null; // the offer during typing; a press of the button replaces it

  async function ask(form, isOffer) {
    waiting?.abort();
    const abort = new AbortController();
    waiting = abort;
    const isNew = form.dataset.passkey === "create";
    const options = JSON.parse(form.dataset.options);
    const parse = isNew ? PublicKeyCredential.parseCreationOptionsFromJSON : PublicKeyCredential.parseRequestOptionsFromJSON;
    const wanted = { publicKey: parse.call(PublicKeyCredential, options), signal: abort.signal };
    if (isOffer) wanted.mediation = "conditional";
    try {
      const answer = await navigator.credentials[isNew ? "create" : "get"](wanted);
      form.elements.credential.value = JSON.stringify(answer.toJSON());
      keepAsTicked(form);
      form.submit();
    } catch (error) {
      if (error.name === "AbortError" || isOffer) return;
      say(form, REASONS[error.name] ?? "Your browser could not do it. Try again, or use another way.");
    }
  }

  // "Keep me signed in" is in the form above.
  function keepAsTicked(form) {
    if (!("keep" in form.dataset)) return;
    const isTicked = document.querySelector('input[type="checkbox"][name="keep"]')?.checked;
    form.elements.keep.disabled = !isTicked;
    form.elements.keep.value = "y";
  }

  function say(form, text) {
    form.querySelector(".passkey-trouble").textContent = text;
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!canUse) {
      if (form.dataset.passkey === "create") say(form, "This browser knows no passkeys. Use another one, or an authenticator app.");
      continue;
    }
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!form.reportValidity()) return; // or the device would make a passkey that is not stored
      say(form, "");
      ask(form, false);
    });
    if ("offered" in form.dataset) {
      PublicKeyCredential.isConditionalMediationAvailable?.().then((canOffer) => { if (canOffer) ask(form, true); });
    }
  }
})();
