// <phone-login>: signing in with a phone, for a page of your own.
//
//   <script type="module" src="phone-login.js"></script>
//   <phone-login src="https://shop.example" login="auths.loginTypes.myPhoneLogin"></phone-login>
//
// src: the app, this site by default. login: the login's full name. app-id: saves
// fetching the app's description. platform: web (cookies), mobile or api. lang: en or
// zh. Events, which bubble: "signed-in" (detail: the session), "failed" (detail: a
// LintelError). Colours: the CSS variables --accent and --on-accent.
import { connect } from "./lintel.js";
import { solve } from "./captcha.js";
import { tidyCode, tidyPhone } from "./code.js";

const words = {
  en: {
    country: "Country or region", phone: "Mobile phone number", send: "Get a code", code: "Verification code", next: "Continue", again: "Send a new code", wait: "New code in {n} s",
    edit: "Use another number", nick: "Nickname", register: "Create an account", corp: "Which organisation do you want to enter?", digits: "The code has {n} digits.",
    terms: "terms of use", privacy: "privacy policy", and: " and the ", agree: "I agree to the {x}.", goingOn: "By going on you agree to the {x}.", consent: "Tick the box to agree, then ask for the code.",
    sent: "A code is on its way. Only the newest one works.", picture: "Digits in the picture", shown: "Picture of digits to be typed", another: "Another picture", hear: "Listen instead",
    heard: "Digits in the recording", recording: "Recording of digits to be typed", see: "Use a picture", repeat: "Another recording",
    PHONE_INVALID: "Enter a mobile phone number.", PHONE_REGION_NOT_ALLOWED: "Numbers of this country can't be used here.",
    SEND_TOO_FREQUENT: "A code was sent a moment ago.", SEND_LIMITED: "Too many codes were sent. Try again later.",
    CAPTCHA_REQUIRED: "A quick check that you are a person, before we send the code.", CAPTCHA_ERROR: "That wasn't right. Here is a new one.",
    CODE_REJECTED: "The code is wrong or has expired.", CODE_LOCKED: "Too many wrong codes. Try again later.",
    REGISTRATION_CLOSED: "This number can't be used to sign in.", SMS_FAILED: "The code may still arrive.",
    other: "That doesn't work at the moment. Try again later.",
  },
  zh: {
    country: "国家或地区", phone: "手机号", send: "获取验证码", code: "验证码", next: "继续", again: "重新发送", wait: "{n} 秒后可重新发送",
    edit: "更换号码", nick: "昵称", register: "注册", corp: "请选择要进入的组织", digits: "验证码共 {n} 位数字。",
    terms: "《用户协议》", privacy: "《隐私政策》", and: "和", agree: "我已阅读并同意{x}", goingOn: "继续即表示您同意{x}", consent: "请先勾选同意,再获取验证码。",
    sent: "验证码已发送,请以最新一条为准。", picture: "图中的数字", shown: "待输入数字的图片", another: "换一张", hear: "改听语音",
    heard: "语音中的数字", recording: "待输入数字的语音", see: "改看图片", repeat: "换一段语音",
    PHONE_INVALID: "请输入正确的手机号。", PHONE_REGION_NOT_ALLOWED: "暂不支持该国家或地区的手机号。",
    SEND_TOO_FREQUENT: "验证码刚刚已发送。", SEND_LIMITED: "获取过于频繁,请稍后再试。",
    CAPTCHA_REQUIRED: "发送验证码前,请先完成安全验证。", CAPTCHA_ERROR: "验证未通过,请重新输入。",
    CODE_REJECTED: "验证码不正确或已过期。", CODE_LOCKED: "错误次数过多,请稍后再试。",
    REGISTRATION_CLOSED: "该手机号暂不能登录。", SMS_FAILED: "短信可能稍后到达。",
    other: "暂时无法处理,请稍后再试。",
  },
};

const style = `
:host { display: block; font: 1rem/1.5 system-ui, sans-serif }
form { display: grid; grid-template-columns: minmax(0, 1fr); gap: .5rem }
label { font-weight: 600; margin-top: .25rem }
.agree { display: flex; gap: .75rem; align-items: start; font-weight: 400; overflow-wrap: anywhere }
.agree input { flex: none; width: 1.5rem; height: 1.5rem; min-height: 0; margin: 0; accent-color: var(--accent, #0b57d0) }
p.agree { display: block; font-size: .875rem }
a { color: inherit }
input, select, button { box-sizing: border-box; min-width: 0; min-height: 2.75rem; padding: .5rem .75rem; font: inherit; color: inherit; background: none; border: 1px solid #80858f; border-radius: .625rem }
option { color: CanvasText; background: Canvas }
#code { font: 600 1.375rem ui-monospace, Consolas, monospace; letter-spacing: .35em }
button { cursor: pointer; border-color: transparent }
.main { margin-top: .5rem; color: var(--on-accent, #fff); background: var(--accent, #0b57d0); font-weight: 600 }
div { display: flex; flex-wrap: wrap; gap: .25rem } div button { flex: auto }
button[aria-disabled=true] { cursor: default; text-decoration: none }
div button { text-decoration: underline; text-underline-offset: .2em }
img { justify-self: center; width: 15rem; max-width: 100%; background: #fff; border-radius: .625rem }
audio { width: 100% }
p { margin: 0 } p:empty { display: none }
p[role=alert] { padding: .5rem .75rem; font-weight: 600; border: 1px solid; border-inline-start-width: .375rem; border-radius: .625rem }
:focus-visible { outline: 3px solid var(--accent, currentColor); outline-offset: 2px }`;

class PhoneLogin extends HTMLElement {
  #state = { step: "phone", note: "" };

  connectedCallback() {
    this.words = words[(this.lang || document.documentElement.lang || "en").startsWith("zh") ? "zh" : "en"];
    const src = this.getAttribute("src") ?? "";
    this.app = connect(src, {
      appId: this.getAttribute("app-id") ?? undefined,
      credentials: src ? "include" : "same-origin",
    });
    this.login = this.app.getElement(this.getAttribute("login"));
    this.sessions = this.app.getElement("auths.loginTypes.services.AuthSvc");
    this.language = this.words === words.zh ? "zh" : "en";
    if (!this.shadowRoot) {
      const root = this.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(style);
      root.adoptedStyleSheets = [sheet];
      root.addEventListener("submit", (e) => {
        e.preventDefault();
        this.#act(e.submitter?.value ?? "");
      });
    }
    this.#show();
    this.#configure().then(() => {
      if (this.#state.step !== "phone") return;
      this.#state.typed = this.shadowRoot.getElementById("phone").value;
      this.#show();
    }, () => {});
  }

  // configure fetches the login's configuration once.
  async #configure() {
    this.config ??= await this.login.getLoginConfig();
    return this.config;
  }

  disconnectedCallback() { clearInterval(this.timer); }

  // act does what a button of the current step stands for.
  async #act(action) {
    if (this.busy) return;
    this.busy = true;
    const s = this.#state;
    const value = (id) => this.shadowRoot.getElementById(id)?.value ?? "";
    s.note = "";
    s.bad = false;
    try {
      if (action === "send") {
        if (s.step === "phone") {
          s.typed = tidyPhone(value("phone"));
          s.consent = this.shadowRoot.getElementById("consent")?.checked;
          if ((await this.#configure()).consentRequired && !s.consent) {
            s.note = this.words.consent;
            s.bad = true;
            this.busy = false;
            return this.#show();
          }
          s.region = value("region");
          s.phone = s.region && !/^(\+|00)/.test(s.typed) ? "+" + this.config.callingCodes[s.region] + " " + s.typed : s.typed;
        }
        await this.#send(s.captcha && { token: s.captcha.token, answer: value("picture").trim() });
      } else if (action === "edit") {
        s.step = "phone";
        s.captcha = undefined;
      } else if (action === "image" || action === "audio") {
        s.captcha = await this.login.generateCaptcha(action === "audio" ? "audio-" + this.language : action);
      } else if (action === "verify") {
        const { codeLength } = await this.#configure();
        s.code = tidyCode(value("code"), codeLength);
        if (s.code.length !== codeLength) {
          s.note = this.words.digits.replace("{n}", codeLength);
          s.bad = true;
        } else await this.#chosen(await this.login.getLoginCode(s.phone, s.code));
      } else if (action === "register") {
        s.nick = value("nick");
        await this.#chosen(await this.login.register(s.phone, s.code, s.nick).catch((e) => {
          // Its holder has registered meanwhile; the code is good for signing in too.
          if (e.code === "PHONE_IN_USE") return this.login.getLoginCode(s.phone, s.code);
          throw e;
        }));
      } else if (action === "enter") {
        await this.#enter(value("corp"));
      }
    } catch (e) {
      if (e.code === "USER_NOT_REGISTERED") s.step = "register";
      else {
        if (e.code === "CODE_REJECTED") s.step = s.step === "corp" ? "phone" : "code";
        s.note = this.words[e.code] ?? this.words.other;
        s.bad = true;
        this.dispatchEvent(new CustomEvent("failed", { detail: e, bubbles: true, composed: true }));
      }
    }
    this.busy = false;
    this.#show();
  }

  async #send(captcha) {
    const s = this.#state;
    try {
      const sent = await this.login.sendMessage({ phone: s.phone, purpose: "login", ...(captcha && { captcha }) });
      s.until = performance.now() + sent.resendAfter * 1000;
      s.note = this.words.sent;
    } catch (e) {
      if (e.code === "CAPTCHA_REQUIRED" || (e.code === "CAPTCHA_ERROR" && s.captcha)) {
        const asked = await this.login.generateCaptcha(...(s.captcha?.audio ? ["audio-" + this.language] : []));
        if (asked.challenge) return this.#send({ token: asked.token, answer: await solve(asked.challenge) });
        s.captcha = asked;
        s.step = "captcha";
        if (!captcha) {
          s.note = this.words[e.code];
          return; // the first captcha is no error
        }
        throw e;
      }
      const still = e.code === "SMS_FAILED" ? e.data.resendAfter : e.retryAfter;
      if (e.code !== "SEND_TOO_FREQUENT" && e.code !== "SMS_FAILED") throw e;
      s.until = performance.now() + still * 1000;
      s.note = this.words[e.code];
    }
    s.captcha = undefined;
    s.step = "code";
  }

  async #chosen(user) {
    const s = this.#state;
    s.loginCode = user.loginCode;
    s.code = "";
    if (user.corpList.length > 1) {
      s.corps = user.corpList;
      s.step = "corp";
    } else await this.#enter();
  }

  async #enter(corp) {
    const session = await this.sessions.loginByCode({
      loginCode: this.#state.loginCode, platform: this.getAttribute("platform") ?? "web", ...(corp && { corp }),
    });
    this.#state = { step: "done", note: "" };
    this.dispatchEvent(new CustomEvent("signed-in", { detail: session, bubbles: true, composed: true }));
  }

  #show() {
    clearInterval(this.timer);
    const { step, note, bad, typed, region, nick, corps, captcha, consent } = this.#state;
    const w = this.words;
    const el = (tag, attributes, ...children) => {
      const e = document.createElement(tag);
      for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
      e.append(...children);
      return e;
    };
    const field = (id, label, attributes) => [el("label", { for: id }, label), el("input", { id, required: "", "aria-describedby": "note", ...attributes })];
    const button = (value, label, main) => el("button", { value, ...(main ? { class: "main" } : { formnovalidate: "" }) }, label);
    const regions = this.config?.regions ?? [];
    const names = new Intl.DisplayNames(this.language, { type: "region" });
    const country = (r) => el("option", { value: r, ...(r === (region || this.config.defaultRegion) && { selected: "" }) }, names.of(r) + " +" + this.config.callingCodes[r]);
    // What people agree to: links within a sentence.
    const { termsUrl, privacyUrl, consentRequired } = this.config ?? {};
    const base = new URL(this.getAttribute("src") || ".", location.href);
    if (this.getAttribute("src")) base.pathname = base.pathname.replace(/\/?$/, "/");
    const links = [[termsUrl, w.terms], [privacyUrl, w.privacy]].filter(([to]) => to).map(([to, text]) => el("a", { href: new URL(to, base), target: "_blank", rel: "noopener" }, text));
    const sentence = () => {
      const [before, after] = (consentRequired ? w.agree : w.goingOn).split("{x}");
      return [before, ...links.flatMap((link, i) => (i ? [w.and, link] : [link])), after];
    };
    const agreement = () => !links.length ? [] : consentRequired
      ? [el("label", { class: "agree" }, el("input", { id: "consent", type: "checkbox", required: "", ...(consent && { checked: "" }) }), el("span", {}, ...sentence()))]
      : [el("p", { class: "agree" }, ...sentence())];
    const calling = regions.length === 1 ? " +" + this.config.callingCodes[regions[0]] : "";
    const parts = {
      phone: () => [
        ...(regions.length > 1 ? [el("label", { for: "region" }, w.country), el("select", { id: "region", autocomplete: "country" }, ...regions.map(country))] : []),
        ...field("phone", w.phone + calling, { type: "tel", autocomplete: regions.length > 1 ? "tel-national" : "tel", value: typed ?? "" }), ...agreement(), button("send", w.send, true)],
      captcha: () => [
        captcha.audio ? el("audio", { controls: "", src: captcha.audio, "aria-label": w.recording }) : el("img", { src: captcha.img, alt: w.shown }),
        ...field("picture", captcha.audio ? w.heard : w.picture, { autocomplete: "off", inputmode: "numeric" }), button("send", w.next, true),
        el("div", {}, button("image", captcha.audio ? w.see : w.another), button("audio", captcha.audio ? w.repeat : w.hear), button("edit", w.edit))],
      code: () => [...field("code", w.code, { inputmode: "numeric", autocomplete: "one-time-code" }), button("verify", w.next, true), el("div", {}, button("send", w.again), button("edit", w.edit))],
      register: () => [...field("nick", w.nick, { autocomplete: "nickname", maxlength: "64", value: nick ?? "" }), button("register", w.register, true), el("div", {}, button("edit", w.edit))],
      corp: () => [el("label", { for: "corp" }, w.corp), el("select", { id: "corp" }, ...corps.map((c) => el("option", { value: c.corpId }, c.corpName))), button("enter", w.next, true)],
      done: () => [],
    };
    this.shadowRoot.replaceChildren(el("form", {}, el("p", { id: "note", role: bad ? "alert" : "status" }, note), ...parts[step]()));
    if (bad || (step !== "phone" && step !== "done")) this.shadowRoot.querySelector("input, select").focus();
    if (step === "code") this.#countdown();
  }

  #countdown() {
    const again = this.shadowRoot.querySelector("button[value=send]");
    const input = this.shadowRoot.getElementById("code");
    input.addEventListener("input", () => {
      const n = this.config?.codeLength ?? 6;
      const tidy = tidyCode(input.value, n);
      if (tidy.length === n) input.value = tidy;
    });
    again.addEventListener("click", (e) => again.getAttribute("aria-disabled") && e.preventDefault());
    const tick = () => {
      const left = Math.ceil((this.#state.until - performance.now()) / 1000);
      again.textContent = left > 0 ? this.words.wait.replace("{n}", left) : this.words.again;
      if (left > 0) again.setAttribute("aria-disabled", "true");
      else {
        again.removeAttribute("aria-disabled");
        clearInterval(this.timer);
      }
    };
    this.timer = setInterval(tick, 250);
    tick();
  }
}

customElements.define("phone-login", PhoneLogin);
