// The script that partners embed: defines SmileIdentity(config), which checks the configuration, opens the matching page
// in an iframe over the whole window, and turns the page's messages into the partner's callbacks.
(() => {
  const ID = "smile-identity-hosted-web-integration";
  // Known only while the script itself runs, so this must be a classic script.
  const scriptUrl = document.currentScript.src;

  const PAGES = {
    authentication: "smartselfie-auth",
    basic_kyc: "basic-kyc",
    biometric_kyc: "biometric-kyc",
    doc_verification: "doc-verification",
    e_signature: "e-signature",
    ekyc_smartselfie: "biometric-kyc",
    enhanced_document_verification: "enhanced-document-verification",
    enhanced_kyc: "ekyc",
    identity_verification: "basic-kyc",
    smartselfie: "smartselfie-auth",
  };
  const NEED_PARTNER_DETAILS = ["biometric_kyc", "ekyc_smartselfie"];
  const PARTNER_DETAILS = ["name", "logo_url", "partner_id", "policy_url", "theme_color"];
  const CAPTURE_MODES = ["camera", "upload"];

  window.SmileIdentity = function SmileIdentity(config) {
    const problem = problemOf(config || {});
    if (!problem) {
      open(config);
    } else if (config && typeof config.onError === "function") {
      config.onError(problem);
    } else {
      console.error(problem);
    }
  };

  function problemOf(config) {
    const { token, callback_url, product, id_types, document_capture_modes, document_ids } = config;
    const hasTypes = Array.isArray(id_types) && id_types.length > 0;
    let problem = "";
    if (!token) problem = "Please provide your web token via the `token` attribute";
    else if (!callback_url) problem = "Please provide a callback URL via the `callback_url` attribute";
    else if (!product && !hasTypes) problem = "Please select a product via the `product` attribute.";
    else if (product && !Object.hasOwn(PAGES, product)) problem = `${product} is not currently supported in this integration`;
    else if (NEED_PARTNER_DETAILS.includes(product)) problem = problemOfPartner(config.partner_details);
    if (!problem && document_capture_modes !== undefined) {
      const known = Array.isArray(document_capture_modes) && document_capture_modes.every((mode) => CAPTURE_MODES.includes(mode));
      if (!known) problem = "`document_capture_modes` must be an array of \"camera\" and \"upload\"";
    }
    if (!problem && product === "e_signature" && !(Array.isArray(document_ids) && document_ids.length > 0)) {
      problem = "Please list at least one document in the `document_ids` array";
    }
    return problem && `SmileIdentity: ${problem}`;
  }

  function problemOfPartner(details) {
    if (!details) return "Please provide Partner Details via the `partner_details` attribute";
    const missing = PARTNER_DETAILS.find((name) => !details[name]);
    return missing ? `Please include ${missing} in the "partner_details" object` : "";
  }

  function open(config) {
    const frame = document.createElement("iframe");
    frame.id = ID;
    frame.name = ID;
    frame.title = "Identity verification";
    frame.allow = "camera; geolocation; encrypted-media; fullscreen";
    frame.src = new URL(`../${config.product ? PAGES[config.product] : "product-selection"}.html`, scriptUrl).href;
    // Through the object model: a strict policy of the partner's page would block a style attribute.
    Object.assign(frame.style, {
      position: "fixed", inset: "0", width: "100%", height: "100%", border: "0", zIndex: "999999",
    });

    // Like the original, this believes a message from any window, so that tests here can find partner pages
    // that trust it too much.
    function hear({ data }) {
      const tag = typeof data === "string" ? data : data && data.message;
      if (typeof tag !== "string" || !tag.startsWith("SmileIdentity::")) return;
      if (tag === "SmileIdentity::ChildPageReady") {
        const told = JSON.stringify({ ...config, source: "SmileIdentity::Configuration" });
        frame.contentWindow.postMessage(told, new URL(frame.src).origin);
      } else if (tag === "SmileIdentity::Success") {
        end(config.onSuccess);
      } else if (tag === "SmileIdentity::Close") {
        end(config.onClose);
      } else if (tag === "SmileIdentity::Close::System") {
        end();
      } else if (tag === "SmileIdentity::Error" || tag.startsWith("SmileIdentity::ConsentDenied")) {
        end(config.onError, data);
      }
    }

    function end(callback, ...args) {
      window.removeEventListener("message", hear);
      frame.remove();
      if (typeof callback === "function") callback(...args);
    }

    window.addEventListener("message", hear);
    document.body.prepend(frame);
  }
})();
