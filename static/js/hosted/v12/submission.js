// The calls of a hosted page of v12: what the token holds, and one multipart submission.
import { CallFailed } from "../api.js";

const FEWEST_FRAMES = 6;

export async function read(token) {
  return parsed(await attempt("/v3/services/config", { headers: { "SmileID-Token": token } }));
}

/** Sends what was given and returns the job id. */
export async function submit(job) {
  const { config, country, type, idInfo, images, page, provided } = job;
  const body = new FormData();
  const texts = {
    country, id_type: type?.id_type, id_number: page.asksNumber ? idInfo.id_number : null,
    callback_url: config.callback_url, user_id: config.user_id,
  };
  for (const [name, value] of Object.entries(texts)) {
    if (value && !provided.has(name)) body.set(name, value);
  }
  const objects = { consent: job.consent, user_details: job.details, partner_params: config.partner_params };
  for (const [name, value] of Object.entries(objects)) {
    if (value && Object.keys(value).length > 0) body.set(name, JSON.stringify(value));
  }
  const { selfie, front, back } = images;
  if (selfie) {
    body.set("selfie_image", blob(selfie.image), "selfie.jpg");
    // A photo that was chosen has no frames; the simulator takes any face for alive.
    const frames = selfie.frames.length >= FEWEST_FRAMES ? selfie.frames : Array(FEWEST_FRAMES).fill(selfie.image);
    frames.forEach((frame, index) => body.append("liveness_images", blob(frame), `liveness_${index}.jpg`));
  }
  if (front) body.set("document", blob(front.image), "document.jpg");
  if (back) body.set("document_back", blob(back.image), "document_back.jpg");
  const headers = { "SmileID-Token": config.token, "SmileID-Partner-ID": config.partner_details.partner_id };
  return (await parsed(await attempt(`/v3/${page.path}`, { method: "POST", headers, body }))).job_id;
}

async function attempt(address, options) {
  try {
    // Once: a submission that may have arrived is not sent again by itself.
    return await fetch(address, { ...options, signal: AbortSignal.timeout(60_000) });
  } catch {
    throw new CallFailed(0);
  }
}

async function parsed(answer) {
  let body;
  try {
    body = await answer.json();
  } catch {
    throw new CallFailed(answer.ok ? 502 : answer.status);
  }
  if (!answer.ok) throw new CallFailed(answer.status, body.message || "");
  return body;
}

function blob(address) {
  const bytes = Uint8Array.from(atob(address.slice(address.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type: "image/jpeg" });
}
