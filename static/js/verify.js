// Opens Smile's hosted page in a frame. Only messages from the origin of its script are believed, and all that one can
// cause is that our server asks Smile, or another sentence on this page.
(() => {
  const configuration = JSON.parse(document.getElementById("smile-config").textContent);
  const hosted = document.getElementById("hosted-script");
  const submission = document.getElementById("submission");
  const status = document.getElementById("status");
  const again = document.getElementById("again");
  const origin = new URL(hosted.src).origin;
  const slowAfter = 20000; // milliseconds
  let isGenuine = false;
  let isSent = false;

  const say = (name) => {
    if (isSent) return;
    status.textContent = status.dataset[name];
    again.hidden = false;
  };
  const send = () => {
    if (isSent) return;
    say("sent");
    isSent = true;
    again.hidden = true;
    submission.submit();
  };

  // Registered before Smile's script loads, so that it runs first: that script calls us back for any sender's message.
  addEventListener("message", (event) => {
    isGenuine = event.origin === origin;
    if (isGenuine && event.data === "SmileIdentity::Success") send();
  }, true);

  const open = () => {
    if (typeof window.SmileIdentity !== "function") return say("notLoaded");
    clearTimeout(slow);
    again.hidden = true;
    window.SmileIdentity({
      ...configuration,
      onSuccess: () => (isGenuine ? send() : say("closed")), // a forged message has only closed the frame
      onClose: () => say("closed"),
      onError: (problem) => say(JSON.stringify(problem ?? "").includes("ConsentDenied") ? "denied" : "failed"),
    });
  };

  // A reload must not send the form again; the plain address shows the current state.
  history.replaceState(null, "", submission.action.replace(/\/submission$/, ""));
  const slow = setTimeout(() => say("notLoaded"), slowAfter);
  hosted.addEventListener("load", open);
  hosted.addEventListener("error", () => say("notLoaded"));
})();
