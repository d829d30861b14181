// The client of a Lintel app, for browsers and Node 20 or newer, without
// dependencies.
//
//   import { connect } from "./lintel.js";
//   const app = connect("https://shop.example");
//   const login = app.getElement("auths.loginTypes.myPhoneLogin");
//   await login.sendMessage("13800138000");
//
// Arguments are positional, or one plain object of named ones. A function returns its
// data or throws a LintelError with a code.

/** An error that the app answered, or no answer at all (code "NETWORK"). */
export class LintelError extends Error {
  constructor(code, message, more = {}) {
    super(message || code);
    this.name = "LintelError";
    this.code = code;
    this.status = more.status ?? 0;
    this.data = more.data ?? {};
    this.requestId = more.requestId ?? "";
    /** Seconds until another attempt makes sense; undefined where not known. */
    this.retryAfter = more.retryAfter;
  }
}

const isObject = (v) => v !== null && typeof v === "object" && [Object.prototype, null].includes(Object.getPrototypeOf(v));

/** Returns an idempotency key: a request repeated with it is answered again, not done again. */
export const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

/**
 * Returns the app at url; in a browser, an empty url is this site. It sends nothing
 * until the first call.
 */
export function connect(url = "", options = {}) {
  const base = url.replace(/\/+$/, "");
  const send = options.fetch ?? ((...a) => fetch(...a));
  let described;

  const answerOf = async (path, init) => {
    let response, body;
    try {
      response = await send(base + path, { credentials: options.credentials ?? "same-origin", ...init });
      body = await response.json();
    } catch (e) {
      if (e?.name === "AbortError") throw e;
      throw new LintelError("NETWORK", "no answer", { status: response?.status });
    }
    if (response.ok) return body;
    const wait = body?.data?.retryAfter ?? response.headers.get("Retry-After");
    throw new LintelError(body?.code ?? "NETWORK", body?.errmsg, {
      status: response.status,
      data: body?.data,
      requestId: body?.requestId,
      retryAfter: wait == null ? undefined : Number(wait),
    });
  };

  const app = {
    /** An access token, for apps that don't keep the session in cookies. */
    token: options.token ?? "",
    /** The device token of an earlier login, for the same apps. */
    device: options.device ?? "",

    /** Returns the app's description (OpenAPI), which it fetches once. */
    describe() {
      described ??= answerOf("/openapi.json", {}).catch((e) => {
        described = undefined;
        throw e;
      });
      return described;
    },

    /** Calls a function with named arguments. */
    async call(fullName, name, args = {}, { key = newKey(), signal } = {}) {
      const id = options.appId ?? (await app.describe()).info["x-app-id"];
      const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
      if (app.token) headers.Authorization = "Bearer " + app.token;
      if (app.device) headers["Lintel-Device"] = app.device;
      const path = "/api/" + [id, fullName, name].map((p) => p.replaceAll(".", "/")).join("/");
      return (await answerOf(path, { method: "POST", headers, body: JSON.stringify(args), signal })).data;
    },

    /** Returns an element, whose functions are methods. */
    getElement(fullName) {
      return new Proxy({ fullName }, {
        get(target, name) {
          // Names that languages and frameworks look up in any object are no functions.
          if (typeof name !== "string" || name in target || /^(then$|toJSON$|[_$])/.test(name)) return target[name];
          return async (...args) => app.call(fullName, name, await named(fullName, name, args));
        },
      });
    },
  };

  // named returns positional arguments by name, as the app's description has them.
  const named = async (fullName, name, args) => {
    if (args.length === 0) return {};
    if (args.length === 1 && isObject(args[0])) return args[0];
    const { paths } = await app.describe();
    const f = Object.values(paths).find((p) => p.post?.operationId === fullName + "." + name);
    const names = f?.post["x-args"];
    if (!names) throw new LintelError("FUNCTION_NOT_FOUND", "no function " + fullName + "." + name);
    if (args.length > names.length) throw new LintelError("API_PARAMS_ERROR", fullName + "." + name + " takes " + names.length + " arguments");
    return Object.fromEntries(args.map((v, i) => [names[i], v]).filter(([, v]) => v !== undefined));
  };

  return app;
}
