// The steps that v12 has of its own: consent and the customer's details. What the token holds is not asked.
import { report } from "../embedder.js";
import { BACK, button, element, form, labelled, show } from "../screens.js";
import { SKIPPED } from "../steps.js";
import { spokenLanguage, t } from "../texts.js";

const FIELDS = [
  ["given_names", "first_name", "given-name"],
  ["last_name", "last_name", "family-name"],
  ["email", "emailAddress", "email"],
  ["phone_number", "phone_number", "tel"],
];
const CONTACT = ["email", "phone_number"];

export async function askConsent(job) {
  if (job.provided.has("consent")) return SKIPPED;
  const { policy_url: policy } = job.config.partner_details;
  const answer = await show(t("consentTitle"), (end) => [
    element("p", {}, t("consentToAll")),
    /^https?:/.test(policy || "")
      ? element("p", {}, element("a", { href: policy, target: "_blank", rel: "noopener" }, t("consentPolicy")))
      : null,
    button(t("consentGive"), () => end("given"), "primary"),
    button(t("consentDeny"), deny),
  ]);
  if (answer === BACK) return BACK;
  job.consent = {
    granted: true,
    // A customer's clock may be ahead of the server's, which takes no moment in the future.
    granted_at: new Date(Date.now() - 60_000).toISOString(),
    notice_language: spokenLanguage().toUpperCase(),
    notice_privacy_policy_url: policy,
  };
  return undefined;
}

function deny() {
  const error = { error_code: "CONSENT_DENIED", message: "The customer did not agree", retryable: false };
  report({ status: "failure", error });
}

export async function askDetails(job) {
  const hasContact = CONTACT.some((name) => job.provided.has(name) || job.details[name]);
  const asked = FIELDS.filter(([name]) => {
    const isKnown = job.provided.has(name) || job.details[name];
    return !isKnown && !(CONTACT.includes(name) && hasContact);
  });
  const given = job.config.id_info?.[job.country]?.[job.type?.id_type] || {};
  if (given.id_number) job.idInfo.id_number = given.id_number;
  const asksNumber = job.page.asksNumber && !job.provided.has("id_number") && !job.idInfo.id_number;
  if (asked.length === 0 && !asksNumber) return SKIPPED;
  const answer = await show(t("formTitle"), (end) => {
    const inputs = asked.map(([name, , autocomplete]) => element("input", { id: name, name, type: "text", autocomplete }));
    const rows = inputs.map((input, index) => labelled(t(asked[index][1]), input));
    if (asksNumber) {
      inputs.push(element("input", { id: "id_number", name: "id_number", type: "text", autocomplete: "off" }));
      rows.push(labelled(t("idNumber", { idType: job.type.label }), inputs.at(-1)));
    }
    return [form(rows, t("next"), () => {
      const said = Object.fromEntries(inputs.map((input) => [input.name, input.value.trim()]));
      const missing = inputs.find((input) => !input.value.trim() && !(CONTACT.includes(input.name) && (said.email || said.phone_number)));
      if (missing) {
        missing.focus();
        return t("missing", { field: document.querySelector(`label[for="${missing.id}"]`).textContent });
      }
      end(said);
      return "";
    })];
  });
  if (answer === BACK) return BACK;
  const { id_number: number, ...details } = answer;
  if (number) job.idInfo.id_number = number;
  Object.assign(job.details, Object.fromEntries(Object.entries(details).filter(([, value]) => value)));
  return undefined;
}
