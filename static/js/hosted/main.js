// One visit to a hosted page: take the configuration, check the token, walk through the steps, submit, say so.
import { Api, call } from "./api.js";
import { Stop, loadChoices, loadProductChoices } from "./choices.js";
import { configuration, isLink, leave } from "./embedder.js";
import { wear } from "./face.js";
import { confirmNumber } from "./otp.js";
import { BACK, allowBack, button, element, show } from "./screens.js";
import { readAndSign, sendSignature } from "./signing.js";
import { SKIPPED, askBack, askConsent, askDetails, askFront, askSelfie, chooseIdType, review } from "./steps.js";
import { sendLookup, sendZip } from "./submission.js";
import { speak, t } from "./texts.js";
import { claimsOf, hasExpired } from "./token.js";
import { giveUp, persist } from "./trouble.js";

const SUCCESS_SHOWN_MS = 3000;
const lookup = [chooseIdType, askConsent, askDetails, confirmNumber];
const imageSteps = [askFront, askBack, askSelfie, review];

// `jobTypes`: what a token must be made for; `reads`: where the choice of ID types comes from.
const PAGES = {
  "biometric-kyc": {
    product: "biometric_kyc", jobTypes: [1], reads: "rights", entersNumber: true,
    steps: [...lookup, askSelfie, review], send: sendZip,
  },
  ekyc: {
    product: "enhanced_kyc", jobTypes: [5], reads: "rights",
    steps: lookup, send: (job) => sendLookup(job, "/v1/async_id_verification"),
  },
  "basic-kyc": {
    product: "basic_kyc", jobTypes: [5], reads: "rights",
    steps: lookup, send: (job) => sendLookup(job, "/v2/verify_async"),
  },
  "doc-verification": {
    product: "doc_verification", jobTypes: [6], reads: "documents",
    steps: [chooseIdType, askConsent, ...imageSteps], send: sendZip,
  },
  "enhanced-document-verification": {
    product: "enhanced_document_verification", jobTypes: [11], reads: "services",
    steps: [chooseIdType, askConsent, ...imageSteps], send: sendZip,
  },
  "smartselfie-auth": { product: "smartselfie", jobTypes: [2, 4], steps: [askSelfie, review], send: sendZip },
  "e-signature": { product: "e_signature", jobTypes: [12], steps: [readAndSign], send: sendSignature },
};
const PAGE_OF_METHOD = {
  biometric_kyc: "biometric-kyc",
  doc_verification: "doc-verification",
  enhanced_document_verification: "enhanced-document-verification",
  enhanced_kyc: "ekyc",
};
const bindsJobType = document.body.dataset.tokenBindsJobType === "true";

async function visit() {
  let config = {};
  try {
    config = { partner_details: {}, ...(await configuration()) };
    speak(config.translation, config.partner_details.name);
    dress(config);
    if (!config.partner_details.partner_id) throw new Stop(t("noPartnerId"));
    const job = { config, params: {}, idInfo: {}, images: {} };
    await perform(job);
  } catch (error) {
    giveUp(error, config);
  }
}

async function perform(job) {
  if (!isLink()) admit(job);
  let pageName = document.body.dataset.page;
  if (pageName === "product-selection") pageName = await chooseProduct(job);
  const page = PAGES[pageName];
  const { job_type: jobType } = job.params;
  if (bindsJobType && !page.jobTypes.includes(jobType)) throw new Stop(t("wrongProduct"));
  job.page = page;
  // Two kinds of selfie job share a page; the others have one job type each.
  job.params.job_type = page.jobTypes.includes(jobType) ? jobType : page.jobTypes[0];
  if (page.reads) await persist(t("loading"), () => loadChoices(job));
  await walk(page.steps, job);
  await persist(t("sending"), () => page.send(job));
  await thank(job);
}

/** Checks the token before anything is asked, and makes the API client. */
function admit(job) {
  const claims = claimsOf(job.config.token);
  if (!claims?.partner_params) throw new Stop(t("tokenInvalid"));
  if (hasExpired(claims)) throw new Stop(t("tokenExpired"));
  job.params = { ...claims.partner_params, ...job.config.partner_params, job_type: claims.partner_params.job_type };
  job.api = new Api(job.config);
}

async function chooseProduct(job) {
  const { config } = job;
  job.servicesOnly = () => new Api(config).get("/v1/services");
  const fits = ({ verification_method: method }) => isLink() || !bindsJobType
    || PAGES[PAGE_OF_METHOD[method]]?.jobTypes.includes(job.params.job_type);
  await persist(t("loading"), () => loadProductChoices(job, fits));
  await walk([chooseIdType], job);
  const { country, type } = job;
  const details = config.id_info?.[country]?.[type.id_type];
  config.id_selection = { [country]: [type.id_type] };
  config.id_info = details && { [country]: { [type.id_type]: details }, allow_modification: config.id_info.allow_modification };
  if (isLink()) await startLink(job);
  else config.product = type.method;
  return PAGE_OF_METHOD[type.method];
}

async function startLink(job) {
  const chosen = { country: job.country, id_type: job.type.id_type, verification_method: job.type.method };
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(chosen) };
  Object.assign(job.config, await persist(t("loading"), () => call(job.config.start_url, options)));
  admit(job);
}

async function walk(steps, job) {
  const asked = [];
  let at = 0;
  while (at < steps.length) {
    allowBack(job.config.show_navigation === true && asked.length > 0);
    const answer = await steps[at](job);
    if (answer === BACK) {
      at = asked.pop();
    } else {
      if (answer !== SKIPPED) asked.push(at);
      at += 1;
    }
  }
  allowBack(false);
}

async function thank({ config }) {
  document.querySelector("button.close").hidden = true;
  const leaving = isLink() ? null : setTimeout(() => leave("Success", config), SUCCESS_SHOWN_MS);
  await show(t("successTitle"), (end) => [
    element("p", { role: "status" }, t("successIntro")),
    button(t("finish"), end, "primary"),
  ]);
  clearTimeout(leaving);
  leave("Success", config);
}

/** The partner's face, and the way out. */
function dress(config) {
  const partner = wear(config.partner_details);
  const close = document.querySelector("button.close");
  close.textContent = t("close");
  close.hidden = false;
  close.addEventListener("click", () => leave("Close", config));
  if (config.demo_mode === true) partner.append(element("strong", {}, t("demo")));
  if (config.hide_attribution === true) document.querySelector("footer").remove();
}

visit();
