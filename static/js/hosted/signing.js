// E-signature: reading the documents, typing a name, and sending it as an image.
import { persist } from "./trouble.js";
import { BACK, element, form, labelled, show } from "./screens.js";
import { t } from "./texts.js";

export async function readAndSign(job) {
  const ids = job.config.document_ids.join(",");
  const { documents } = await persist(t("loading"), () => job.api.withHeaders(`/v1/documents?ids=${encodeURIComponent(ids)}`));
  const name = await show(t("readTitle"), (end) => {
    const hasRead = element("input", { type: "checkbox", id: "has-read", required: true });
    const input = element("input", { type: "text", id: "name", autocomplete: "name", required: true });
    return [
      element("p", {}, t("readIntro")),
      element("ul", {}, ...documents.map((document) => element(
        "li", {}, element("a", { href: document.link, target: "_blank", rel: "noopener" }, document.name),
      ))),
      form(
        [
          element("label", { class: "option", for: "has-read" }, hasRead, element("span", {}, t("haveRead"))),
          labelled(t("yourName"), input),
        ],
        t("sign"),
        () => {
          if (!hasRead.checked) return t("missing", { field: t("haveRead") });
          if (!input.value.trim()) return t("missing", { field: t("yourName") });
          end(input.value.trim());
          return "";
        },
      ),
    ];
  });
  if (name === BACK) return BACK;
  job.signature = { ids, name, document_read_at: new Date().toISOString(), image: await written(name) };
  return undefined;
}

export function sendSignature(job) {
  const body = new FormData();
  const { image, ...texts } = job.signature;
  for (const [key, value] of Object.entries(texts)) body.set(key, value);
  body.set("partner_params", JSON.stringify(job.params));
  body.set("callback_url", job.config.callback_url);
  body.set("smile_client_id", job.api.partnerId);
  body.set("image", image, "signature.png");
  return job.api.withHeaders("/v1/documents/sign", { method: "POST", body });
}

function written(name) {
  const canvas = document.createElement("canvas");
  canvas.width = 600;
  canvas.height = 120;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#00205b";
  pen.font = "italic 48px cursive";
  pen.fillText(name, 20, 76, canvas.width - 40);
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
}
