// Opens Smile's hosted page in a frame. Messages are believed only from where its script came from, and all that one
// can cause is that our server asks Smile, or another sentence on this page.
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

  // Registered before Smile's script is there, so that it runs first: that one calls us back whoever sent a message.
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
      onSuccess: () => (isGenuine ? send() : say("closed")), // a forged one has closed the frame, and no more
      onClose: () => say("closed"),
      onError: (problem) => say(JSON.stringify(problem ?? "").includes("ConsentDenied") ? "denied" : "failed"),
    });
  };

  // A reload must not send the form again; the plain address shows how things stand.
  history.replaceState(null, "", submission.action.replace(/\/submission$/, ""));
  const slow = setTimeout(() => say("notLoaded"), slowAfter);
  hosted.addEventListener("load", open);
  hosted.addEventListener("error", () => say("notLoaded"));
})();
