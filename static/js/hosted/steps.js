// The steps of the pages, each of which asks, is skipped, or goes back: ID type, consent, details, images.
import { takePhoto } from "./camera.js";
import { leave } from "./embedder.js";
import { BACK, button, choice, chosen, element, form, labelled, show } from "./screens.js";
import { t } from "./texts.js";

export const SKIPPED = Symbol("skipped");

const NOT_ASKED = ["country", "id_type", "user_id", "job_id", "session_id", "day", "month", "year"];

export async function chooseIdType(job) {
  if (job.choices.length === 1 && job.choices[0].types.length === 1) {
    take(job, job.choices[0], job.choices[0].types[0]);
    return SKIPPED;
  }
  const answer = await show(t("chooseTitle"), (end) => {
    const countries = element("select", { id: "country", autocomplete: "country" });
    countries.append(...job.choices.map(({ country, name }) => element("option", { value: country }, name)));
    countries.value = job.country || job.choices[0].country;
    const types = element("div");
    const selected = () => job.choices.find(({ country }) => country === countries.value);
    const list = () => {
      const options = selected().types.map(({ label }, index) => ({ value: index, label }));
      types.replaceChildren(choice(t("idType"), "id_type", options));
    };
    countries.addEventListener("change", list);
    list();
    return [
      form([labelled(t("country"), countries), types], t("next"), (sent) => {
        const index = chosen(sent, "id_type");
        if (index === undefined) return t("chooseFirst");
        end([selected(), selected().types[index]]);
        return "";
      }),
    ];
  });
  if (answer === BACK) return BACK;
  take(job, ...answer);
  return undefined;
}

function take(job, { country }, type) {
  job.country = country;
  job.type = type;
  const prefilled = job.config.id_info?.[country]?.[type.id_type] || {};
  job.idInfo = { country, id_type: type.id_type, ...prefilled };
}

export async function askConsent(job) {
  if (!job.consentTypes[job.country]?.includes(job.type.id_type)) return SKIPPED;
  const { policy_url: policy } = job.config.partner_details;
  const parts = ["consentPersonal", "consentContact", "consentDocument"];
  const answer = await show(t("consentTitle"), (end) => [
    element("p", {}, t("consentIntro", { idType: job.type.label })),
    element("ul", {}, ...parts.map((key) => element("li", {}, t(key)))),
    /^https?:/.test(policy || "")
      ? element("p", {}, element("a", { href: policy, target: "_blank", rel: "noopener" }, t("consentPolicy")))
      : null,
    button(t("consentGive"), () => end("given"), "primary"),
    button(t("consentDeny"), () => leave("ConsentDenied", job.config)),
  ]);
  if (answer === BACK) return BACK;
  job.idInfo.consent_information = {
    consented: { personal_details: true, contact_information: true, document_information: true },
  };
  return undefined;
}

export async function askDetails(job) {
  const fields = (job.type.required_fields || []).filter((name) => !NOT_ASKED.includes(name));
  if (job.type.id_type === "BVN_MFA") fields.unshift("id_number");
  const asked = [...new Set(fields)];
  const mayChange = job.config.id_info?.allow_modification === true;
  const isGiven = (name) => !problemWith(job, name, String(job.idInfo[name] ?? ""));
  if (asked.length === 0 || (asked.every(isGiven) && !mayChange)) return SKIPPED;
  const answer = await show(t("formTitle"), (end) => {
    const controls = asked.map((name) => control(job, name));
    controls.forEach((input, index) => {
      input.value = job.idInfo[asked[index]] ?? "";
      // Values from the partner stay as they are, unless they may be changed or cannot be right.
      if (input.value && !mayChange && isGiven(asked[index]) && isPrefilled(job, asked[index])) input.readOnly = true;
    });
    const rows = controls.map((input, index) => {
      const showsTest = asked[index] === "id_number" && job.type.test_data;
      const hint = showsTest ? t("testNumber", { number: job.type.test_data }) : "";
      return labelled(fieldName(job, asked[index]), input, hint);
    });
    return [
      form(rows, t("next"), () => {
        for (const input of controls) input.removeAttribute("aria-invalid");
        const wrong = controls.find((input) => problemWith(job, input.name, input.value.trim()));
        if (wrong) {
          wrong.setAttribute("aria-invalid", "true");
          wrong.focus();
          return problemWith(job, wrong.name, wrong.value.trim());
        }
        end(Object.fromEntries(controls.map((input) => [input.name, input.value.trim()])));
        return "";
      }),
    ];
  });
  if (answer === BACK) return BACK;
  Object.assign(job.idInfo, answer);
  return undefined;
}

function isPrefilled(job, name) {
  return Boolean(job.config.id_info?.[job.country]?.[job.type.id_type]?.[name]);
}

function control(job, name) {
  const shared = { id: name, name, required: true };
  if (name === "bank_code") {
    const select = element("select", shared, element("option", { value: "" }));
    select.append(...job.banks.map(({ name: bank, code }) => element("option", { value: code }, bank)));
    return select;
  }
  const today = new Date().toISOString().slice(0, 10);
  const autocomplete = { first_name: "given-name", last_name: "family-name", dob: "bday", phone_number: "tel" }[name] || "off";
  return element("input", { ...shared, autocomplete, ...(name === "dob" ? { type: "date", max: today } : { type: "text" }) });
}

function problemWith(job, name, value) {
  const field = fieldName(job, name);
  if (!value) return t("missing", { field });
  const pattern = { dob: /^\d{4}-\d{2}-\d{2}$/, id_number: numberPattern(job.type.id_number_regex) }[name];
  return pattern && !pattern.test(value) ? t("malformed", { field }) : "";
}

function numberPattern(written) {
  // Some patterns in the list end in another language's flags; one that cannot be parsed checks nothing.
  const [, body, flags] = /^(.*?)(?:\/([a-z]*))?$/s.exec(written || "");
  try {
    return body ? new RegExp(body.replace(/^\(\?i\)/, ""), flags || (body.startsWith("(?i)") ? "i" : "")) : null;
  } catch {
    return null;
  }
}

function fieldName(job, name) {
  const idType = job.type.label;
  // Some names already contain "Number", such as the Bank Verification Number.
  if (name === "id_number") return /\bnumber$/i.test(idType) ? idType : t("idNumber", { idType });
  return t(name);
}

export function askFront(job) {
  return askImage(job, "front", { title: t("frontTitle"), tips: t("documentTips"), modes: documentModes(job), facing: "environment" });
}

export async function askBack(job) {
  const isUnknown = job.type.hasBack === undefined;
  if (job.type.hasBack === false || (isUnknown && job.type.id_type === "PASSPORT")) return SKIPPED;
  const skip = isUnknown ? { label: t("noBack"), value: SKIPPED } : null;
  return askImage(job, "back", {
    title: t("backTitle"), tips: t("documentTips"), modes: documentModes(job), facing: "environment", skip,
  });
}

export function askSelfie(job) {
  const { allow_agent_mode: agent, use_strict_mode: strict } = job.config;
  return askImage(job, "selfie", {
    title: t("selfieTitle"),
    tips: t("selfieTips"),
    modes: ["camera"],
    facing: "user",
    withFrames: true,
    mayTurn: agent === true && strict !== true,
  });
}

function documentModes({ config }) {
  return config.document_capture_modes?.length ? config.document_capture_modes : ["camera", "upload"];
}

async function askImage(job, name, wish) {
  const answer = await takePhoto(wish);
  if (answer === BACK || answer === SKIPPED) {
    if (answer === SKIPPED) delete job.images[name];
    return answer;
  }
  job.images[name] = answer;
  return undefined;
}

export async function review(job) {
  const kinds = [["front", "front", askFront], ["back", "backSide", askBack], ["selfie", "selfie", askSelfie]];
  for (;;) {
    const answer = await show(t("reviewTitle"), (end) => [
      element("p", {}, t("reviewIntro")),
      ...kinds.filter(([name]) => job.images[name]).map(([name, key, again]) => element(
        "figure",
        {},
        element("img", { src: job.images[name].image, alt: t(key) }),
        element("figcaption", {}, button(t("takeAgain", { what: t(key) }), () => end(again))),
      )),
      button(t("send"), () => end("send"), "primary"),
    ]);
    if (answer === BACK) return BACK;
    if (answer === "send") return undefined;
    await answer(job);
  }
}
