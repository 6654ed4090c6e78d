// The countries and identity documents that a page offers: what the API knows, narrowed by the configuration.
import { spokenLanguage, t } from "./texts.js";

/** A failure that retrying cannot fix. `text` is for the customer. */
export class Stop extends Error {
  constructor(text) {
    super(text);
    this.text = text;
  }
}

/** Fills in `job.choices`, [{country, name, types}], and `job.consentTypes`, {country: [id types]}. */
export async function loadChoices(job) {
  const { api, config, page } = job;
  const identity = { partner_id: api.partnerId, token: api.token, partner_params: job.params };
  const locale = encodeURIComponent(spokenLanguage());
  const [services, rights, documents] = await Promise.all([
    api.get(`/v1/services?locale=${locale}`),
    page.reads === "rights" ? api.post("/v1/products_config", identity) : {},
    page.reads === "documents" ? api.post(`/v1/valid_documents?locale=${locale}`, identity) : {},
  ]);
  job.banks = services.bank_codes;
  job.consentTypes = merged(config.consent_required, rights.consentRequired);
  const served = services.hosted_web[config.product] || services.hosted_web[page.product];
  const onOffer = documents.valid_documents
    ? documentsOnOffer(documents.valid_documents)
    : servicesOnOffer(served, rights.idSelection?.[page.product], config.previewBVNMFA === true);
  job.choices = narrowed(onOffer, wanted(config), served);
  if (job.choices.length === 0) throw new Stop(t("nothingToChoose"));
}

/** The choice between products: each ID type of the configuration with its own way to be verified. */
export async function loadProductChoices(job, fits) {
  const { api, config } = job;
  const identity = { partner_id: api?.partnerId, token: api?.token, partner_params: job.params };
  const [services, documents] = await Promise.all([
    job.servicesOnly(),
    api?.token ? api.post("/v1/valid_documents", identity) : { valid_documents: [] },
  ]);
  const labels = documentsOnOffer(documents.valid_documents);
  const byCountry = {};
  for (const row of config.id_types.filter(fits)) {
    const served = services.hosted_web[row.verification_method]?.[row.country]?.id_types[row.id_type];
    const listed = labels[row.country]?.find((type) => type.id_type === row.id_type);
    const label = served?.label || listed?.label || inWords(row.id_type);
    (byCountry[row.country] ??= []).push({ id_type: row.id_type, label, method: row.verification_method });
  }
  job.choices = named(byCountry);
  if (job.choices.length === 0) throw new Stop(t("wrongProduct"));
}

function servicesOnOffer(served, allowed, previewBvnMfa) {
  const offered = {};
  for (const [country, { id_types: types }] of Object.entries(served || {})) {
    offered[country] = Object.entries(types)
      .filter(([id]) => !allowed || allowed[country]?.includes(id))
      .map(([id, type]) => ({ id_type: id, ...type }));
  }
  if (previewBvnMfa && !offered.NG?.some((type) => type.id_type === "BVN_MFA")) {
    const label = "Bank Verification Number (MFA)";
    (offered.NG ??= []).push({ id_type: "BVN_MFA", label, required_fields: ["session_id"] });
  }
  return offered;
}

function documentsOnOffer(documents) {
  return Object.fromEntries(
    documents.map(({ country, id_types: types }) => [
      country.code,
      types.map(({ code, name, has_back: hasBack }) => ({ id_type: code, label: code ? name : t("otherDocument"), hasBack })),
    ]),
  );
}

/** {country: [id types]} that the partner asks for, or null for all. Prefilled details win over the selection. */
function wanted({ id_info: idInfo, id_selection: selection }) {
  const prefilled = Object.entries(idInfo || {}).filter(([, types]) => types && typeof types === "object");
  if (prefilled.length > 0) {
    return Object.fromEntries(prefilled.map(([country, types]) => [country, Object.keys(types)]));
  }
  return selection && Object.keys(selection).length > 0 ? selection : null;
}

function narrowed(onOffer, wish, served) {
  if (!wish) return named(onOffer);
  const kept = {};
  for (const [country, ids] of Object.entries(wish)) {
    const types = onOffer[country] || [];
    const found = ids.length === 0 ? types : ids.map((id) => types.find((type) => type.id_type === id) || older(id, country));
    kept[country] = found.filter(Boolean);
  }
  return named(kept);

  // Partners also use names of the older list, which the services answer still contains.
  function older(id, country) {
    const label = served?.[country]?.id_types[id]?.label;
    return onOffer[country] && label ? { id_type: id, label } : null;
  }
}

function named(byCountry) {
  const names = new Intl.DisplayNames([spokenLanguage()], { type: "region" });
  return Object.entries(byCountry)
    .filter(([, types]) => types.length > 0)
    .map(([country, types]) => ({ country, name: names.of(country), types }))
    .sort((one, other) => one.name.localeCompare(other.name));
}

function merged(one = {}, other = {}) {
  const both = {};
  for (const [country, ids] of [...Object.entries(one), ...Object.entries(other)]) {
    both[country] = [...(both[country] || []), ...ids];
  }
  return both;
}

function inWords(id) {
  return id.replaceAll("_", " ").toLowerCase();
}
