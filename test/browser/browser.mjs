// What the scenarios share: a browser, a fresh person for each, the outbox, and the
// report for the Go test, one JSON object a line on standard output.
import { createRequire } from "node:module";
import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const sites = JSON.parse(process.env.LINTEL_SITES);
const only = process.env.LINTEL_ONLY ? new RegExp(process.env.LINTEL_ONLY) : undefined;
const scenarios = [];

/** Adds a scenario, whose fn is called with a person and a fresh browser. */
export function scenario(name, fn, options = {}) {
  scenarios.push({ name, fn, options });
}

export async function run() {
  const home = mkdtempSync(join(tmpdir(), "lintel-browser-"));
  const context = await chromium.launchPersistentContext(join(home, "first"), {
    executablePath: process.env.LINTEL_CHROMIUM,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const browser = context.browser();
  try {
    for (const { name, fn, options } of scenarios) {
      if (only && !only.test(name)) continue;
      const person = await Person.enter(browser, options);
      let error;
      try {
        await fn(person);
        person.check();
      } catch (e) {
        error = [String(e?.stack ?? e), ...person.console].join("\n");
        if (process.env.LINTEL_FAILED) await person.page.screenshot({ path: join(process.env.LINTEL_FAILED, name.replace(/\W+/g, "-") + ".png"), fullPage: true }).catch(() => {});
      }
      await person.leave();
      process.stdout.write(JSON.stringify({ name, error }) + "\n");
    }
  } finally {
    await context.close();
    rmSync(home, { recursive: true, force: true });
  }
}

let phones = 10000000;

/** Returns a phone number that nobody has used. */
export const newPhone = () => "139" + ++phones;

export class Person {
  static async enter(browser, options) {
    const p = new Person();
    p.context = await browser.newContext({
      locale: "en-US", viewport: { width: 1000, height: 800 }, permissions: ["clipboard-read", "clipboard-write"], ...options,
    });
    p.page = await p.context.newPage();
    p.page.setDefaultTimeout(Number(process.env.LINTEL_PATIENCE ?? 15000));
    p.urls = [];
    p.console = [];
    p.page.on("request", (r) => p.urls.push(r.url()));
    p.page.on("console", (m) => p.console.push(m.text()));
    p.page.on("pageerror", (e) => p.console.push("error: " + e.message));
    p.secrets = [];
    return p;
  }

  async leave() { await this.context.close(); }

  /** Checks that no secret is in an address or on the console, and no script failed. */
  check() {
    for (const secret of this.secrets) {
      for (const url of this.urls) if (decodeURIComponent(url).includes(secret)) throw new Error("a secret in an address");
      for (const line of this.console) if (line.includes(secret)) throw new Error("a secret on the console");
    }
    const wrong = this.console.filter((l) => l.startsWith("error:") || l.includes("Content Security Policy"));
    if (wrong.length) throw new Error("console: " + wrong.join("\n"));
  }

  keep(secret) { this.secrets.push(secret); return secret; }

  get main() { return this.page.locator("main"); }
  get note() { return this.page.locator("#note"); }
  button(name) { return this.page.getByRole("button", { name, exact: true }); }

  async open(path = "/login", site = sites.shop) {
    this.site = site;
    await this.page.goto(site + path);
  }

  /** Returns the newest code that a phone received. */
  async code(phone) {
    const e164 = phone.startsWith("+") ? phone : "+86" + phone;
    const inbox = this.site === sites.shop ? this.site + "/_dev/outbox.json" : sites.world + "/messages.json";
    for (let i = 0; i < 100; i++) {
      const messages = await (await fetch(inbox)).json();
      const found = messages.find((m) => m.phone === e164 && !(this.used ??= new Set()).has(m.time));
      if (found) {
        this.used.add(found.time);
        return this.keep(found.params.code);
      }
      await new Promise((go) => setTimeout(go, 50));
    }
    throw new Error("no code arrived");
  }

  /** Requests a code on the first step. */
  async ask(phone) {
    this.keep(phone);
    await this.page.getByLabel("Mobile phone number").fill(phone);
    await this.button("Get a code").click();
    await this.page.locator("#code").waitFor();
  }

  async enterCode(code, button = "Continue") {
    await this.page.locator("#code").fill(code);
    await this.button(button).click();
  }

  /** Registers a new user and returns the phone. */
  async register(nick = "Ada", path = "/login", site = sites.shop) {
    const phone = newPhone();
    await this.open(path, site);
    await this.ask(phone);
    await this.enterCode(await this.code(phone));
    await this.page.getByLabel("Name").fill(nick);
    await this.button("Create an account").click();
    await this.page.waitForURL("**/account");
    return phone;
  }

  /** Checks the page with axe-core, light and dark. */
  async axe(what) {
    for (const colorScheme of ["light", "dark"]) {
      await this.page.emulateMedia({ colorScheme });
      // The page's policy admits its own scripts alone, but doesn't bind the debugger.
      if (!(await this.page.evaluate("typeof axe === 'object'"))) await this.page.evaluate(axe);
      const { violations } = await this.page.evaluate("axe.run(document)");
      if (violations.length) {
        throw new Error(what + ", " + colorScheme + ": " + violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html + " " + n.failureSummary).join("; ")).join("\n"));
      }
    }
    await this.page.emulateMedia({ colorScheme: "light" });
  }

  /** Returns what the browser's storage holds. */
  async stored() {
    return this.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state, document.cookie]));
  }
}

export function same(have, want, what = "") {
  if (JSON.stringify(have) !== JSON.stringify(want)) throw new Error(what + ": have " + JSON.stringify(have) + ", want " + JSON.stringify(want));
}

export function holds(condition, what) {
  if (!condition) throw new Error(what);
}
