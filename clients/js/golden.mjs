// Runs the cases of all clients: node golden.mjs URL PHONE OTHER
import { readFileSync } from "node:fs";
import { connect, LintelError } from "./lintel.js";

const [url, phone, other] = process.argv.slice(2);
const golden = JSON.parse(readFileSync(new URL("../golden.json", import.meta.url), "utf8"));
const kept = { phone, other, masked: phone.slice(0, 3) + "****" + phone.slice(-4) };
const app = connect(url);

const fill = (v) => {
  if (typeof v === "string") return v.replace(/\$\{(\w+)\}/g, (_, name) => kept[name]);
  if (Array.isArray(v)) return v.map(fill);
  if (v && typeof v === "object") return Object.fromEntries(Object.entries(v).map(([k, w]) => [k, fill(w)]));
  return v;
};

const contains = (have, want) => {
  if (want === "*") return typeof have === "string" && have !== "";
  if (want === "#") return typeof have === "number" && have > 0;
  if (want && typeof want === "object") return have && typeof have === "object" && Object.entries(want).every(([k, w]) => contains(have[k], w));
  return have === want;
};

for (const [i, step] of golden.steps.entries()) {
  const fail = (what) => { throw new Error("step " + i + " (" + (step.call ?? "code") + "): " + what); };
  if (step.code) {
    const messages = await (await fetch(url + "/_dev/outbox.json")).json();
    kept[step.keep] = messages.find((m) => m.phone === "+86" + fill(step.code)).params.code;
    continue;
  }
  const element = app.getElement(step.name ?? golden[step.element]);
  const args = fill(step.args);
  let data, error;
  try {
    data = await (Array.isArray(args) ? element[step.call](...args) : element[step.call](args));
  } catch (e) {
    error = e;
  }
  if (step.error) {
    if (!(error instanceof LintelError) || !contains(error, step.error)) fail("error " + (error?.code ?? "none"));
    continue;
  }
  if (error) fail(error.code ?? error.message);
  if (!contains(data, fill(step.data))) fail("another answer");
  for (const [name, key] of Object.entries(step.keep ?? {})) kept[name] = data[key];
  if (step.signIn) {
    app.token = kept.token;
    app.device = kept.device;
  }
}

if (JSON.stringify(app.getElement("x.y")) !== '{"fullName":"x.y"}' || (await app.getElement("x.y")).fullName !== "x.y") {
  throw new Error("an element is called when it is only inspected");
}
try {
  await connect("http://127.0.0.1:1", { appId: "a.b" }).getElement("x").y();
  throw new Error("an answer from nowhere");
} catch (e) {
  if (e.code !== "NETWORK") throw e;
}
console.log(golden.steps.length + " steps");
