// The flow of a phone login, without its look: the state and what changes it.
import { computed, onScopeDispose, reactive, ref } from "vue";
import { connect } from "lintel-client/lintel.js";
import { solve } from "lintel-client/captcha.js";
import { tidyCode, tidyPhone } from "lintel-client/code.js";

export function usePhoneLogin(fullName, { url = "", words, onSignedIn }) {
  const app = connect(url);
  const login = app.getElement(fullName);
  const sessions = app.getElement("auths.loginTypes.services.AuthSvc");

  const config = ref({ regions: [], callingCodes: {}, codeLength: 6 });
  const form = reactive({ region: "", phone: "", code: "", nick: "", corp: "", picture: "" });
  const state = reactive({ step: "phone", error: "", busy: false, until: 0, corps: [], captcha: undefined });

  // A deadline rather than counted ticks, which come late in a background tab.
  const now = ref(performance.now());
  const timer = setInterval(() => (now.value = performance.now()), 250);
  onScopeDispose(() => clearInterval(timer));
  const wait = computed(() => Math.max(0, Math.ceil((state.until - now.value) / 1000)));

  let loginCode = "";
  const number = () => {
    const typed = tidyPhone(form.phone);
    return config.value.regions.length < 2 || /^(\+|00)/.test(typed) ? typed : "+" + config.value.callingCodes[form.region] + " " + typed;
  };
  // The typed number, masked.
  const masked = computed(() => {
    const digits = tidyPhone(form.phone).replace(/\D/g, "").replace(/^(00)?86(?=1\d{10}$)/, "");
    return /^1\d{10}$/.test(digits) ? digits.slice(0, 3) + "****" + digits.slice(-4) : "*".repeat(Math.max(digits.length - 2, 0)) + digits.slice(-2);
  });
  const after = (seconds) => (state.until = performance.now() + seconds * 1000);

  async function attempt(work) {
    if (state.busy) return;
    state.busy = true;
    state.error = "";
    try {
      await work();
    } catch (e) {
      if (e.code === "USER_NOT_REGISTERED" && config.value.allowRegister) state.step = "register";
      else state.error = words[e.code] ?? words.other;
    } finally {
      state.busy = false;
    }
  }

  async function deliver(captcha) {
    try {
      after((await login.sendMessage({ phone: number(), purpose: "login", ...(captcha && { captcha }) })).resendAfter);
    } catch (e) {
      if (e.code === "CAPTCHA_REQUIRED" || e.code === "CAPTCHA_ERROR") {
        const asked = await login.generateCaptcha();
        if (asked.challenge && !captcha) return deliver({ token: asked.token, answer: await solve(asked.challenge) });
        show(asked);
        if (!captcha) return; // the first captcha is no error
      }
      if (e.code === "SEND_TOO_FREQUENT") after(e.retryAfter);
      else if (e.code === "SMS_FAILED") after(e.data.resendAfter);
      else throw e;
      state.error = words[e.code];
    }
    state.captcha = undefined;
    form.code = "";
    state.step = "code";
  }

  function show(captcha) {
    state.captcha = captcha;
    form.picture = "";
    state.step = "captcha";
  }

  async function chosen(user) {
    loginCode = user.loginCode;
    state.corps = user.corpList;
    if (user.corpList.length > 1) {
      form.corp = user.corpList[0].corpId;
      state.step = "corp";
    } else await enter();
  }

  async function enter() {
    // For the web the tokens stay in HttpOnly cookies.
    await sessions.loginByCode({ loginCode, platform: "web", ...(form.corp && { corp: form.corp }) });
    onSignedIn(await sessions.currentUser());
  }

  return {
    config, form, state, wait, masked,
    load: () => attempt(async () => {
      config.value = await login.getLoginConfig();
      form.region = config.value.defaultRegion;
    }),
    send: () => attempt(() => deliver(state.captcha && { token: state.captcha.token, answer: form.picture.trim() })),
    another: (kind) => attempt(async () => show(await login.generateCaptcha(kind))),
    verify: () => attempt(async () => {
      const n = config.value.codeLength;
      form.code = tidyCode(form.code, n);
      if (form.code.length !== n) state.error = words.digits(n);
      else await chosen(await login.getLoginCode(number(), form.code));
    }),
    register: () => attempt(async () => chosen(await login.register(number(), form.code, form.nick))),
    enter: () => attempt(enter),
    edit: () => {
      state.step = "phone";
      state.error = "";
      state.captcha = undefined;
    },
    tidy: (text) => {
      const tidy = tidyCode(text, config.value.codeLength);
      if (tidy.length === config.value.codeLength) form.code = tidy;
    },
  };
}
