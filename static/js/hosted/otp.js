// The one-time password that proves that a BVN is the customer's own: where to send it, and the code.
import { CallFailed } from "./api.js";
import { leave } from "./embedder.js";
import { BACK, button, choice, chosen, element, form, labelled, show } from "./screens.js";
import { persist } from "./trouble.js";
import { t } from "./texts.js";
import { SKIPPED } from "./steps.js";

export async function confirmNumber(job) {
  if (job.type.id_type !== "BVN_MFA") return SKIPPED;
  const { country, id_type, id_number } = job.idInfo;
  const call = (path, more) => job.api.post(`/v1/totp_consent${path}`, {
    partner_id: job.api.partnerId, token: job.api.token, country, id_type, ...more,
  });
  const { modes, session_id } = await persist(t("loading"), () => call("", { id_number }));
  const mode = await chooseMode(job, modes);
  if (mode === BACK) return BACK;
  await persist(t("sending"), () => call("/mode", { id_number, mode, session_id }));
  let problem = "";
  for (;;) {
    const otp = await askCode(problem);
    if (otp === BACK) return BACK;
    try {
      await persist(t("sending"), () => call("/otp", { id_number, otp, session_id }));
      job.idInfo.session_id = session_id;
      return undefined;
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      problem = t("otpWrong");
    }
  }
}

function chooseMode(job, modes) {
  const options = modes.flatMap(Object.entries).map(([value, contact]) => ({ value, label: t(value, { contact }) }));
  return show(t("otpTitle"), (end) => [
    form([choice(t("otpWhere"), "mode", options)], t("next"), (sent) => {
      const mode = chosen(sent, "mode");
      if (mode) end(mode);
      return mode ? "" : t("chooseFirst");
    }),
    button(t("otpNone"), () => leave("ConsentDenied::TOTP::ContactMethodsOutdated", job.config, true)),
  ]);
}

function askCode(problem) {
  return show(t("otpTitle"), (end) => {
    const input = element("input", { id: "otp", inputmode: "numeric", autocomplete: "one-time-code", required: true });
    return [
      problem ? element("p", { class: "problem", role: "alert" }, problem) : null,
      form([labelled(t("otpCode"), input)], t("next"), () => {
        if (input.value.trim()) end(input.value.trim());
        return input.value.trim() ? "" : t("missing", { field: t("otpCode") });
      }),
    ];
  });
}
