// Handles failed calls: what the customer reads, and whether trying again may help.
import { CallFailed } from "./api.js";
import { Stop } from "./choices.js";
import { leave } from "./embedder.js";
import { button, element, show, showWaiting } from "./screens.js";
import { t } from "./texts.js";

/** Runs `work` until it succeeds, as long as the customer wants to try again and that makes sense. */
export async function persist(title, work) {
  for (;;) {
    showWaiting(title);
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof CallFailed) || !error.isWorthAnotherTry) throw error;
      await show(t("failedTitle"), (again) => [
        element("p", { class: "problem", role: "alert" }, error.status === 0 ? t("noConnection") : t("serverTrouble")),
        button(t("tryAgain"), again, "primary"),
      ]);
    }
  }
}

/** The final screen when nothing that the customer can do would help. */
export function giveUp(error, config) {
  if (!(error instanceof Stop) && !(error instanceof CallFailed)) console.error(error);
  const reason = error instanceof Stop ? error.text : t("refused", { reason: error.text || error.message });
  show(t("failedTitle"), () => [
    element("p", { class: "problem", role: "alert" }, reason),
    button(t("close"), () => leave("Error", config), "primary"),
  ]);
}
