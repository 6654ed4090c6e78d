// Runs every public method of one version of Smile's own client against the simulator and prints what came of each.
// The client is unchanged. Its address is always https on port 443, so the connections themselves are led to the simulator.
"use strict";
const https = require("https");
const tls = require("tls");

const { client, port, host, partnerId, apiKey, legacyKey, callback, selfie, card } = JSON.parse(process.argv[2]);

const agent = new https.Agent({ keepAlive: true });
agent.createConnection = (options, done) =>
  tls.connect({ ...options, host: "127.0.0.1", port, servername: host }, undefined, done);
https.globalAgent = agent;
// The clients wait two seconds and more between two questions.
const pause = setTimeout;
global.setTimeout = (run, wait, ...rest) => pause(run, Math.min(wait || 0, 20), ...rest);

// The oldest client throws once more after it has rejected; what went wrong is told by the call itself.
process.on("unhandledRejection", () => {});

const { WebApi, IDApi, Signature, Utilities } = require(client);
const server = `${host}/v1`;
const polled = { return_job_status: true, return_history: true, return_images: true, use_enrolled_image: false };
const files = [{ image_type_id: 0, image: selfie }, { image_type_id: 1, image: card }];
const number = { country: "NG", id_type: "BVN", id_number: "00000000000", entered: "true" };
const business = { country: "NG", id_type: "BUSINESS_REGISTRATION", id_number: "0000000", business_type: "co" };
const products = [
  "authentication", "identity_verification", "smartselfie", "ekyc_smartselfie", "enhanced_kyc", "document_verification",
];

let count = 0;
const params = (job_type, changes) => {
  count += 1;
  const unique = `${client}-${process.pid}-${count}`;
  return { user_id: `user-${unique}`, job_id: `job-${unique}`, job_type, ...changes };
};

// One name for each call, so that the test can ask for every one of them.
async function calls(kind, key, options, hasLegacyKey) {
  const web = new WebApi(partnerId, callback, key, server);
  const told = {};
  const run = async (name, call) => {
    try {
      told[`${kind}: ${name}`] = { answer: await call() };
    } catch (error) {
      told[`${kind}: ${name}`] = { error: String((error && error.message) || error) };
    }
  };
  const enrolled = params(4);
  await run("registration", () => web.submit_job(enrolled, [files[0]], {}, { ...polled, ...options }));
  await Promise.all([
    run("authentication", () =>
      web.submit_job(params(2, { user_id: enrolled.user_id }), [files[0]], {}, { ...polled, ...options })),
    run("biometric kyc with a number", () => web.submit_job(params(1), [files[0]], { ...number }, { ...polled, ...options })),
    run("biometric kyc with a card", () => web.submit_job(params(1), files, {}, { ...polled, ...options })),
    run("document verification", () =>
      web.submit_job(params(6), files, { country: "NG", id_type: "PASSPORT" }, { ...polled, ...options })),
    run("enhanced document verification", () =>
      web.submit_job(params(11), files, { country: "NG", id_type: "PASSPORT" }, { ...polled, ...options })),
    run("enhanced kyc through WebApi", () => web.submit_job(params(5), null, { ...number }, { ...options })),
    run("enhanced kyc through IDApi", () =>
      new IDApi(partnerId, key, server).submit_job(params(5), { ...number }, { ...options })),
    run("without waiting", () => web.submit_job(params(4), [files[0]], {}, { ...options })),
    run("WebApi.get_job_status", () => web.get_job_status(enrolled, { return_history: true, ...options })),
    run("Utilities.get_job_status", () =>
      new Utilities(partnerId, key, server).get_job_status(enrolled.user_id, enrolled.job_id, { return_images: true, ...options })),
    run("job that nobody sent", () => web.get_job_status({ user_id: "nobody", job_id: "nothing" }, { ...options })),
    ...(hasLegacyKey ? [] : products.map((product) =>
      run(`get_web_token ${product}`, () => web.get_web_token({ user_id: "u", job_id: "j", product })))),
    ...(client === "smile-3" ? [
      run("business verification", () => web.submit_job(params(7), null, { ...business }, {})),
      run("submitAsyncjob", () => new IDApi(partnerId, key, server).submitAsyncjob(params(5), { ...number }, callback)),
      run("pollJobStatus", () => new IDApi(partnerId, key, server).pollJobStatus(enrolled)),
    ] : []),
  ]);
  const signature = new Signature(partnerId, key);
  await run("Signature", async () => {
    if (hasLegacyKey) {
      const made = signature.generate_sec_key(1563283420);
      return { made, by_server: signature.confirm_sec_key(told[`${kind}: WebApi.get_job_status`].answer.timestamp,
        told[`${kind}: WebApi.get_job_status`].answer.signature) };
    }
    const made = signature.generate_signature("2026-01-15T09:30:00.000Z");
    return { made, confirmed: signature.confirm_signature(made.timestamp, made.signature),
      refused: signature.confirm_signature(made.timestamp, made.signature.replace(/^./, "!")) };
  });
  return told;
}

(async () => {
  const first = calls("signature", apiKey, client === "smile-1" ? { signature: true } : {}, false);
  const second = client === "smile-1" ? calls("sec_key", legacyKey, {}, true) : {};
  const told = Object.assign({}, await first, await second);
  process.stdout.write(JSON.stringify(told), () => process.exit(0));
})();
