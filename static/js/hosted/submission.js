// Submits what the customer gave: the zip with its images, or the fields of a lookup.
import { sealed } from "./api.js";
import { zip } from "./zip.js";

const PACKAGE = { apiVersion: { buildNumber: 0, majorVersion: 2, minorVersion: 0 }, language: "Hosted Web Integration" };
const SDK = { source_sdk: "hosted_web", source_sdk_version: "11.6.2" };

export async function sendLookup(job, path) {
  const { api, config, idInfo, params } = job;
  await api.post(path, {
    ...idInfo,
    ...sdkOf(config),
    partner_id: api.partnerId,
    token: api.token,
    callback_url: config.callback_url,
    partner_params: params,
  });
}

export async function sendZip(job) {
  const { api, config, page, params } = job;
  // An upload address is used again: preparing twice would be refused as a second job.
  job.prepared ??= await api.post("/v1/upload", {
    ...sdkOf(config),
    file_name: `${config.product || page.product}.zip`,
    smile_client_id: api.partnerId,
    callback_url: config.callback_url,
    token: api.token,
    partner_params: params,
    metadata: Object.entries(job.images).map(([name, { origin }]) => ({ name: `${name}_image_origin`, value: origin })),
  });
  const info = JSON.stringify({ package_information: PACKAGE, id_info: idInfoOf(job), images: imagesOf(job.images) });
  const security = await sealed(info, api.token);
  await api.put(job.prepared.upload_url, zip({ "info.json": info, "security_info.json": JSON.stringify(security) }));
}

function sdkOf({ sdk, sdk_version: version }) {
  return { source_sdk: sdk || SDK.source_sdk, source_sdk_version: version || SDK.source_sdk_version };
}

function idInfoOf({ idInfo, page }) {
  const { id_type, ...rest } = idInfo;
  const entered = page.entersNumber === true;
  // Without an ID type, Smile classifies the document.
  return { ...rest, ...(id_type ? { id_type } : {}), ...(idInfo.country ? { entered } : {}) };
}

function imagesOf({ selfie, front, back }) {
  const images = [
    [2, selfie?.image],
    ...(selfie?.frames || []).map((frame) => [6, frame]),
    [3, front?.image],
    [7, back?.image],
  ];
  return images
    .filter(([, address]) => address)
    .map(([kind, address]) => ({ image_type_id: kind, image: address.slice(address.indexOf(",") + 1), file_name: "" }));
}
