// Opens Smile's hosted page in a frame. Only messages from the origin of its script are believed, and all that one can
// cause is that our server asks Smile, or another sentence on this page.
(() => {
  const configuration = JSON.parse(document.getElementById("smile-config").textContent);
  const hosted = document.getElementById("hosted-script");
  const submission = document.getElementById("submission");
  const status = document.getElementById("status");
  const again = document.getElementById("again");
  const origin = new URL(hosted.src).origin;
  const place = submission.action.replace(/\/submission$/, "");
  const slowAfter = 20000; // milliseconds
  const isV3 = hosted.dataset.api === "v3";
  // A token of v3 says how many seconds it works.
  const endsAt = hosted.dataset.lifetime ? Date.now() + Number(hosted.dataset.lifetime) * 1000 : Infinity;
  const arrivesWithin = 60000; // milliseconds; for what was being sent when the token ran out
  let isGenuine = false;
  let isOpen = false;
  let isSent = false;

  const say = (name) => {
    if (isSent) return;
    isOpen = false;
    status.textContent = status.dataset[name];
    again.hidden = false;
  };
  const send = (jobId) => {
    if (isSent) return;
    say("sent");
    isSent = true;
    again.hidden = true;
    submission.elements.smile_job_id.value = jobId || "";
    submission.submit();
  };
  // The customer's own page says what has arrived by now, and offers a new token for the same verification.
  const leaveLate = () => location.replace(`${place}?late=1`);
  const isLate = (by) => navigator.onLine && Date.now() >= endsAt + by;
  const fail = (code) => {
    if (isLate(0)) leaveLate();
    else if (code === "CONSENT_DENIED") say("denied");
    else say(code === "SUBMISSION_FAILED" ? "unsure" : "failed");
  };

  // Registered before Smile's script loads, so that it runs first: that script calls us back for any sender's message.
  addEventListener("message", (event) => {
    isGenuine = event.origin === origin;
    if (isGenuine && event.data === "SmileIdentity::Success") send();
  }, true);

  const endingsOfV1 = {
    onSuccess: () => (isGenuine ? send() : say("closed")), // a forged message has only closed the frame
    onClose: () => say("closed"),
    onError: (problem) => say(JSON.stringify(problem ?? "").includes("ConsentDenied") ? "denied" : "failed"),
  };
  const endingsOfV3 = {
    onResult: (result) => {
      if (!isGenuine || result?.status === "cancelled") say("closed");
      else if (result?.status === "success") send(result.value?.job_id);
      else fail(result?.error?.error_code);
    },
  };

  const open = () => {
    if (typeof window.SmileIdentity !== "function") return say("notLoaded");
    clearTimeout(slow);
    again.hidden = true;
    isOpen = true;
    try {
      window.SmileIdentity({ ...configuration, ...(isV3 ? endingsOfV3 : endingsOfV1) });
    } catch {
      say("failed"); // The script of v3 throws where its configuration lacks something.
    }
  };

  // A reload must not send the form again; the plain address shows the current state.
  history.replaceState(null, "", place);
  const slow = setTimeout(() => say("notLoaded"), slowAfter);
  hosted.addEventListener("load", open);
  hosted.addEventListener("error", () => say("notLoaded"));
  // After a phone slept, this runs a few seconds later, so that the frame can first say how it ended.
  setInterval(() => {
    if (isOpen && !document.hidden && isLate(arrivesWithin)) leaveLate();
  }, 5000);
})();
