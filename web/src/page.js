// The module of the pages. A page works without it. With it the answer to a form
// replaces the page, a countdown runs, a code may be pasted in any form, and the
// browser does the work of a captcha.
import { solve } from "../../clients/js/captcha.js";
import { tidyCode } from "../../clients/js/code.js";
import { connect } from "../../clients/js/lintel.js";

let busy = false;
let running; // what the page has started; aborted by the next one

const $ = (selector) => document.querySelector(selector);

function showError(text) {
  const note = $("#note");
  note.className = "bad";
  note.setAttribute("role", "alert");
  note.textContent = text;
}

async function send(form, button) {
  if (busy) return;
  busy = true;
  $("main").setAttribute("aria-busy", "true");
  const body = new URLSearchParams(new FormData(form));
  if (button?.name) body.append(button.name, button.value);
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { "Lintel-Page": "1" } });
    const to = answer.headers.get("Lintel-Location");
    if (to) return location.assign(to);
    if (!answer.headers.get("Content-Type").startsWith("text/html")) throw 0;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.title = page.title;
    $("main").replaceWith(page.querySelector("main"));
    setUp();
    ($("main [autofocus]") ?? $("#phone") ?? $("main button"))?.focus();
  } catch {
    showError($("main").dataset.offline);
  } finally {
    busy = false;
    $("main").removeAttribute("aria-busy");
  }
}

// setUp starts what the current page needs.
function setUp() {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  const lang = document.documentElement.lang;
  const names = new Intl.DisplayNames(lang, { type: "region" });
  document.querySelectorAll("option").forEach((o) => (o.text = names.of(o.value) + o.text.slice(2)));
  document.querySelectorAll("time").forEach((t) => (t.textContent = new Date(t.dateTime).toLocaleString(lang, { dateStyle: "medium", timeStyle: "short" })));
  countdown(signal);
  code(signal);
  const work = $("[data-challenge]");
  if (!work) return;
  $(".main").setAttribute("aria-disabled", "true"); // until the work is done
  solve(JSON.parse(work.dataset.challenge), signal).then((answer) => {
    work.value = answer;
    send(work.form, $(".main"));
  }, () => {});
}

// countdown compares times and doesn't count ticks: a background tab ticks late.
function countdown(signal) {
  const wait = $("#wait");
  if (!wait) return;
  const button = $("#resend");
  const end = Date.now() + wait.dataset.wait * 1000;
  const show = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left > 0) {
      button.setAttribute("aria-disabled", "true");
      wait.textContent = wait.dataset.in.replace("{n}", left);
      return;
    }
    clearInterval(timer);
    button.removeAttribute("aria-disabled");
    wait.setAttribute("role", "status");
    wait.textContent = wait.dataset.wait > 0 ? wait.dataset.now : "";
  };
  const timer = setInterval(show, 250);
  signal.addEventListener("abort", () => clearInterval(timer));
  show();
}

function code(signal) {
  const field = $("#code");
  if (!field) return;
  const n = +field.dataset.digits;
  field.addEventListener("input", () => {
    const tidy = tidyCode(field.value, n);
    if (tidy.length === n && tidy !== field.value) field.value = tidy;
  });
  // The message's last line names this site (WebOTP), and the person has agreed, so
  // the form is sent at once.
  if ("OTPCredential" in window) {
    navigator.credentials.get({ otp: { transport: ["sms"] }, signal }).then((otp) => {
      field.value = tidyCode(otp.code, n);
      if (field.value.length === n) send(field.form, $(".main"));
    }, () => {});
  }
}

// An account page that comes back into view reloads if its user is not signed in any
// more. The server renews the cookies; no token is visible here.
document.addEventListener("visibilitychange", async () => {
  const { app } = $("main").dataset;
  if (!app || document.hidden) return;
  const sessions = connect(new URL(".", location).href, { appId: app }).getElement("auths.loginTypes.services.AuthSvc");
  try {
    await sessions.currentUser().catch((e) => {
      if (e.code !== "LOGIN_REQUIRED") throw e;
      return sessions.refresh();
    });
  } catch (e) {
    if (e.code === "LOGIN_REQUIRED") location.reload();
  }
});

document.addEventListener("submit", (e) => {
  e.preventDefault();
  if (e.submitter?.getAttribute("aria-disabled") !== "true") send(e.target, e.submitter);
});
setUp();
