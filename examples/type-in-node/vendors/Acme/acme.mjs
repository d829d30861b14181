// The SMS Type of the vendor Acme. What every Type in Node needs is in plugin.mjs.
import { Failure, main } from "./plugin.mjs";

// refusals are Acme's codes for a message that was certainly not sent, with their reasons. After any other answer the
// outcome is unknown.
const refusals = { E42: "throttled", E43: "number", E44: "blocked", E45: "region", E46: "balance" };

const configuration = {
  type: "object",
  properties: {
    url: { type: "string", format: "uri", description: "where messages are posted" },
    key: { type: "string", minLength: 1, writeOnly: true },
  },
  required: ["url", "key"],
  additionalProperties: false,
};

async function sendMessage(config, { phoneList, params }, { requestId, signal }) {
  const results = [];
  for (const phone of phoneList) {
    results.push({ phone, messageId: await post(config, { to: phone, code: params.code, id: requestId }, signal), status: "accepted" });
  }
  return { vendor: "Acme", results, requestId };
}

// post sends one request, once, and returns the message's ID if the vendor accepted it. It throws SMS_REFUSED if the
// vendor refused the message or got no request, and SMS_FAILED if the outcome is unknown.
async function post(config, message, signal) {
  let status, answer;
  try {
    const response = await fetch(config.url, {
      method: "POST",
      headers: { Authorization: `Bearer ${config.key}`, "Content-Type": "application/json" },
      body: JSON.stringify(message),
      redirect: "manual",
      signal,
    });
    status = response.status;
    answer = await response.json();
  } catch (problem) {
    if (problem?.cause?.code === "ECONNREFUSED") throw new Failure("SMS_REFUSED", "the vendor is not there", { reason: "unavailable" });
    if (status !== 401) throw new Failure("SMS_FAILED", "no clear answer from the vendor");
  }
  if (status === 200 && answer?.code === "0") return String(answer.id);
  if (status === 401) throw new Failure("SMS_REFUSED", "the vendor refused the key", { reason: "auth" });
  if (status === 200 && Object.hasOwn(refusals, answer?.code)) {
    throw new Failure("SMS_REFUSED", "the vendor refused", { reason: refusals[answer.code], vendorCode: answer.code });
  }
  throw new Failure("SMS_FAILED", "no clear answer from the vendor");
}

main({
  name: "Acme",
  title: "Acme SMS",
  configFile: "sms.json",
  configuration,
  functions: [
    {
      name: "sendMessage",
      args: [
        { name: "phoneList", dataType: "JitList", required: true },
        { name: "params", dataType: "JitDict", required: true },
        { name: "verifyTemplateCode", dataType: "Stext" },
        { name: "verifySign", dataType: "Stext" },
      ],
      returnType: "JitDict",
      runsToEnd: true,
      run: sendMessage,
    },
  ],
});
