// The script of v12 that partners embed: defines SmileIdentity(config), which throws at the first missing value, opens
// the matching page in an iframe over the whole window, and reports how the visit ended to onResult.
(() => {
  const ID = "smile-identity-hosted-web-integration";
  // Known only while the script itself runs, so this must be a classic script.
  const scriptUrl = document.currentScript.src;

  const PAGES = {
    biometric_kyc: "biometric-kyc",
    // The sources disagree about the name of this product; both are taken.
    doc_verification: "doc-verification",
    document_verification: "doc-verification",
    enhanced_document_verification: "enhanced-document-verification",
    enhanced_kyc: "enhanced-kyc",
    smart_selfie_authentication: "smart-selfie-authentication",
    smart_selfie_registration: "smart-selfie-registration",
    // The names of older versions, of which it is not known whether they are still taken.
    authentication: "smart-selfie-authentication",
    smartselfie: "smart-selfie-registration",
  };
  const NEEDED = ["token", "product", "callback_url", "environment"];
  const PARTNER_DETAILS = ["partner_id", "name", "logo_url", "policy_url", "theme_color"];

  window.SmileIdentity = function SmileIdentity(config = {}) {
    const missing = NEEDED.find((name) => !config[name])
      || PARTNER_DETAILS.map((name) => `partner_details.${name}`).find((name) => !config.partner_details?.[name.slice(16)]);
    if (missing) throw new Error(`SmileIdentity: ${missing} is required`);
    if (!Object.hasOwn(PAGES, config.product)) throw new Error(`SmileIdentity: ${config.product} is not supported`);
    open(config);
  };

  function open(config) {
    const frame = document.createElement("iframe");
    frame.id = ID;
    frame.name = ID;
    frame.title = "Identity verification";
    frame.allow = "camera; fullscreen";
    frame.src = new URL(`../${PAGES[config.product]}.html`, scriptUrl).href;
    // Through the object model: a strict policy of the partner's page would block a style attribute.
    Object.assign(frame.style, {
      position: "fixed", inset: "0", width: "100%", height: "100%", border: "0", zIndex: "999999",
    });

    function hear({ data, source }) {
      if (source !== frame.contentWindow) return;
      if (data === "SmileIdentity::ChildPageReady") {
        // Functions cannot be sent, and JSON leaves them out.
        const told = JSON.stringify({ ...config, source: "SmileIdentity::Configuration" });
        frame.contentWindow.postMessage(told, new URL(frame.src).origin);
      } else if (data?.message === "SmileIdentity::Result") {
        window.removeEventListener("message", hear);
        frame.remove();
        report(config, data.result);
      }
    }

    window.addEventListener("message", hear);
    document.body.prepend(frame);
  }

  function report(config, result) {
    config.onResult?.(result);
    // Deprecated, but still called.
    if (result.status === "success") config.onSuccess?.();
    else if (result.status === "cancelled") config.onClose?.();
    else config.onError?.(result.error.message);
  }
})();
