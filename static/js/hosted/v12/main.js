// One visit to a hosted page of v12: take the configuration, ask what the token does not hold yet, submit, say so.
import { Stop } from "../choices.js";
import { configuration, isLink, report } from "../embedder.js";
import { wear } from "../face.js";
import { BACK, allowBack, button, element, show } from "../screens.js";
import { SKIPPED, askBack, askFront, askSelfie, chooseIdType, review } from "../steps.js";
import { speak, t } from "../texts.js";
import { claimsOf, hasExpired } from "../token.js";
import { persist } from "../trouble.js";
import { askConsent, askDetails } from "./steps.js";
import { read, submit } from "./submission.js";

const CONSENT = [askConsent, askDetails];
const DOCUMENT = [chooseIdType, ...CONSENT, askFront, askBack, askSelfie, review];

// `listed`: the name of the product in the lists of ID types; `tells`: whether the partner learns the job id.
const PAGES = {
  "biometric-kyc": { path: "biometric_kyc", listed: "biometric_kyc", asksNumber: true, tells: true, steps: [chooseIdType, ...CONSENT, askSelfie, review] },
  "doc-verification": { path: "document_verification", listed: "doc_verification", tells: true, steps: DOCUMENT },
  "enhanced-document-verification": {
    path: "enhanced_document_verification", listed: "enhanced_document_verification", tells: true, steps: DOCUMENT,
  },
  "enhanced-kyc": { path: "enhanced_kyc", listed: "enhanced_kyc", asksNumber: true, tells: true, steps: [chooseIdType, ...CONSENT] },
  "smart-selfie-authentication": { path: "authentication", steps: [...CONSENT, askSelfie, review] },
  "smart-selfie-registration": { path: "registration", steps: [...CONSENT, askSelfie, review] },
};
const PAGE_OF_METHOD = {
  biometric_kyc: "biometric-kyc",
  doc_verification: "doc-verification",
  enhanced_document_verification: "enhanced-document-verification",
  enhanced_kyc: "enhanced-kyc",
};

async function visit() {
  const config = { partner_details: {}, ...(await configuration()) };
  speak(config.translation, config.partner_details.name);
  dress(config);
  const job = { config, consentTypes: {}, idInfo: {}, images: {}, details: { ...config.user_details } };
  try {
    admit(config.token);
    job.known = await persist(t("loading"), () => read(config.token));
    job.provided = new Set(job.known.token_provided_fields);
    await perform(job);
  } catch (error) {
    if (error instanceof Stop) fail("SESSION_INIT_FAILED", error.text, false);
    else fail("SUBMISSION_FAILED", error.text || error.message, error.isWorthAnotherTry === true);
  }
}

/** Checks the token before anything is asked. One without the API's address is no token of Smile. */
function admit(token) {
  const claims = claimsOf(token);
  if (!claims?.api_url) throw new Stop(t("tokenInvalid"));
  if (hasExpired(claims)) throw new Stop(t("tokenExpired"));
}

async function perform(job) {
  let page = PAGES[document.body.dataset.page];
  if (!page) {
    job.choices = linkChoices(job);
    await walk([chooseIdType], job);
    page = PAGES[PAGE_OF_METHOD[job.type.method]];
  } else if (page.listed) {
    job.choices = choices(job, page.listed);
    if (job.choices.length === 0) throw new Stop(t("nothingToChoose"));
  }
  job.page = page;
  await walk(page.steps.filter((step) => step !== chooseIdType || !job.type), job);
  const jobId = await persist(t("sending"), () => submit(job));
  document.querySelector("button.close").hidden = true;
  await show(t("successTitle"), (end) => [
    element("p", { role: "status" }, t("successIntro")),
    button(t("finish"), end, "primary"),
  ]);
  const value = page.tells ? { job_id: jobId } : {};
  if (isLink()) show(t("doneTitle"), () => [element("p", {}, t("closeWindow"))]);
  else report({ status: "success", value });
}

/** The countries and ID types, narrowed by the token, then by the partner. */
function choices({ config, known }, listed) {
  const { country, id_type: idType } = known.token_provided_values;
  const onOffer = known.products[listed] || {};
  const wished = idType ? { [country]: [idType] } : wanted(config);
  const countries = Object.entries(wished || onOffer).map(([code, ids]) => {
    const listedHere = onOffer[code] || [];
    const found = wished && ids.length > 0
      // Not every document has a number, and those without are not in this list.
      ? ids.map((id) => listedHere.find(({ key_name: key }) => key === id) || { key_name: id, label: inWords(id) })
      : listedHere;
    return named(code, found.map(({ key_name: key, label }) => ({ id_type: key, label })));
  });
  return countries.filter((each) => each.types.length > 0 && (!country || each.country === country));
}

function inWords(id) {
  return id.replaceAll("_", " ").toLowerCase();
}

function wanted({ id_info: info, id_selection: selection }) {
  if (info) return Object.fromEntries(Object.entries(info).map(([country, types]) => [country, Object.keys(types)]));
  return selection && Object.keys(selection).length > 0 ? selection : null;
}

function linkChoices({ config, known }) {
  const byCountry = {};
  for (const { country, id_type: id, verification_method: method } of config.id_types) {
    const listed = known.products[method]?.[country]?.find(({ key_name: key }) => key === id);
    const label = listed?.label || inWords(id);
    (byCountry[country] ??= []).push({ id_type: id, label, method });
  }
  return Object.entries(byCountry).map(([country, types]) => named(country, types));
}

function named(country, types) {
  return { country, name: new Intl.DisplayNames(["en"], { type: "region" }).of(country), types };
}

async function walk(steps, job) {
  const asked = [];
  let at = 0;
  while (at < steps.length) {
    allowBack(asked.length > 0);
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

function fail(code, message, retryable) {
  show(t("failedTitle"), () => [
    element("p", { class: "problem", role: "alert" }, t("refused", { reason: message })),
    isLink() ? null : button(t("close"), () => report({ status: "failure", error: { error_code: code, message, retryable } }), "primary"),
  ]);
}

function dress({ partner_details: details }) {
  wear(details);
  const close = document.querySelector("button.close");
  close.textContent = t("close");
  close.hidden = isLink();
  close.addEventListener("click", () => report({ status: "cancelled" }));
}

visit();
