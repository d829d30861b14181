// Shows /openapi.json: functions by element, each with its arguments, its answer and
// a form to call it.

const place = document.querySelector("#api");
const words = JSON.parse(place.dataset.words);

const make = (tag, attributes = {}, ...children) => {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) el.setAttribute(name, value);
  el.append(...children);
  return el;
};

const kindOf = (schema) => schema.format ?? [schema.type ?? "any"].flat().join(" | ");

function argumentsOf(body, order) {
  const entries = order.map((name) => [name, body.properties[name]]);
  if (entries.length === 0) return make("p", {}, words.NoArguments);
  const rows = entries.map(([name, schema]) => make("tr", {},
    make("th", { scope: "row" }, make("code", {}, name)),
    make("td", {}, kindOf(schema)),
    make("td", {}, body.required?.includes(name) ? words.Required : "default" in schema ? words.Default.replace("{x}", JSON.stringify(schema.default)) : words.Optional),
    make("td", {}, schema.title ?? "")));
  const head = [words.Argument, words.Type, words.Need, words.Meaning].map((t) => make("th", { scope: "col" }, t));
  return make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
}

function trial(path, body, id) {
  const first = Object.fromEntries(Object.keys(body.properties ?? {}).filter((n) => body.required?.includes(n)).map((n) => [n, ""]));
  const field = make("textarea", { id, rows: 4, spellcheck: "false" });
  field.value = JSON.stringify(first, null, 2);
  const button = make("button", { type: "button" }, words.Call);
  const out = make("pre", { role: "status", tabindex: "0", "aria-label": words.Answer });
  out.hidden = true;
  button.addEventListener("click", async () => {
    out.hidden = false;
    out.textContent = "…";
    try {
      const answer = await fetch(path.slice(1), { method: "POST", headers: { "Content-Type": "application/json" }, body: field.value });
      out.textContent = answer.status + " " + JSON.stringify(await answer.json(), null, 2);
    } catch {
      out.textContent = words.NoAnswer;
    }
  });
  return make("div", {}, make("label", { for: id }, words.JSON), field, button, out);
}

function operation(path, op) {
  const body = op.requestBody.content["application/json"].schema;
  const data = op.responses["200"].content["application/json"].schema.properties.data;
  const details = make("details", {}, make("summary", {}, make("code", {}, op.operationId.split(".").pop()), " " + (op.summary ?? "")));
  let filled = false;
  details.addEventListener("toggle", () => {
    if (filled) return;
    filled = true;
    details.append(
      make("p", {}, op.description ?? ""),
      make("p", {}, make("code", {}, "POST " + path)),
      make("p", {}, Object.keys(op.security[0]).length ? words.ForUsers : words.ForAnyone),
      argumentsOf(body, op["x-args"]),
      make("p", {}, words.Returns.replace("{x}", kindOf(data))),
      make("pre", { tabindex: "0", "aria-label": words.Schema }, JSON.stringify(data, null, 2)),
      trial(path, body, "try-" + op.operationId));
  });
  return details;
}

try {
  const api = await (await fetch("openapi.json")).json();
  for (const tag of api.tags ?? []) {
    const own = Object.entries(api.paths).filter(([, p]) => p.post.tags.includes(tag.name));
    place.append(make("h2", {}, tag.name), make("p", {}, tag.description ?? ""),
      ...own.map(([path, p]) => operation(path, p.post)));
  }
  place.append(make("h2", {}, words.Errors), make("p", {}, words.ErrorsIntro),
    make("p", {}, ...api.components.schemas.Failure.properties.code.enum.flatMap((c) => [make("code", {}, c), " "])));
} catch {
  place.append(make("p", { role: "alert" }, words.Unreadable));
}
place.removeAttribute("aria-busy");
