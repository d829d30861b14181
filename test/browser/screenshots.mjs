// Takes the pictures of the documentation.
import { join } from "node:path";
import { scenario, run, sites, newPhone } from "./browser.mjs";

const dir = process.env.LINTEL_SCREENSHOTS;
const desktop = { viewport: { width: 720, height: 620 }, deviceScaleFactor: 1 };
const phone = { viewport: { width: 320, height: 640 }, deviceScaleFactor: 1 };
const shot = (p, name) => p.page.screenshot({ path: join(dir, name + ".png"), fullPage: true });

scenario("first step", async (p) => {
  await p.open();
  await shot(p, "login-en-light");
}, desktop);

scenario("code step", async (p) => {
  await p.open();
  await p.page.getByLabel("手机号").fill(newPhone());
  await p.button("获取验证码").click();
  await p.page.locator("#code").fill("1384");
  await shot(p, "code-zh-dark");
}, { ...desktop, locale: "zh-CN", colorScheme: "dark" });

scenario("error", async (p) => {
  await p.open("/login?login=auths.loginTypes.slow", sites.many);
  await p.page.getByLabel("手机号").fill(newPhone());
  await p.button("获取验证码").click();
  await p.page.locator("#code").fill("12");
  await p.button("继续").click();
  await p.page.getByText("验证码共 6 位数字").waitFor();
  await shot(p, "error-zh-320px");
}, { ...phone, locale: "zh-CN" });

scenario("countries and own colours", async (p) => {
  await p.open("/login?login=auths.loginTypes.world", sites.many);
  await shot(p, "countries-en-light");
}, desktop);

scenario("account", async (p) => {
  await p.register();
  await shot(p, "account-en-light");
}, desktop);

scenario("account, dark", async (p) => {
  await p.register("Ada");
  await p.page.getByRole("link", { name: "中文" }).click();
  await shot(p, "account-zh-dark");
}, { ...desktop, colorScheme: "dark" });

scenario("register", async (p) => {
  const number = newPhone();
  await p.open();
  await p.ask(number);
  await p.enterCode(await p.code(number));
  await p.page.getByLabel("Name").waitFor();
  await shot(p, "register-en-320px");
}, phone);

scenario("the API's description", async (p) => {
  await p.open("/docs");
  await p.page.locator("summary", { hasText: "sendMessage" }).click();
  await p.page.screenshot({ path: join(dir, "docs.png") });
}, { viewport: { width: 900, height: 760 } });

scenario("agreement", async (p) => {
  await p.open("/login?login=auths.loginTypes.terms", sites.many);
  await shot(p, "agreement-en-light");
}, desktop);

scenario("agreement, dark", async (p) => {
  await p.open("/login?login=auths.loginTypes.terms", sites.many);
  await shot(p, "agreement-zh-dark-320px");
}, { ...phone, locale: "zh-CN", colorScheme: "dark" });

scenario("agreement from right to left", async (p) => {
  await p.open("/login?login=auths.loginTypes.terms", sites.many);
  await shot(p, "agreement-rtl-320px");
}, { ...phone, locale: "ar-EG" });

scenario("outbox", async (p) => {
  await p.open();
  await p.ask(newPhone());
  await p.open("/_dev/outbox");
  await shot(p, "outbox-en-light");
}, desktop);

scenario("outbox, dark", async (p) => {
  await p.open("/_dev/outbox");
  await shot(p, "outbox-zh-dark-320px");
}, { ...phone, locale: "zh-CN", colorScheme: "dark" });

await run();
