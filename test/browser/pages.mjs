// Scenarios at the pages of a running app.
import { scenario, run, sites, newPhone, same, holds } from "./browser.mjs";

scenario("register, then sign in", async (p) => {
  const phone = newPhone();
  await p.open();
  await p.axe("first step");
  await p.ask(phone);
  holds((await p.main.innerText()).includes("139****" + phone.slice(7)), "the number is shown masked");
  holds(!(await p.page.content()).includes(phone), "the full number is not on the page");
  holds(await p.page.locator("#code").evaluate((e) => e === document.activeElement), "the code field has the focus");
  await p.axe("code step");
  await p.enterCode(await p.code(phone));
  await p.page.getByLabel("Name").waitFor();
  await p.axe("register step");
  await p.button("Create an account").click();
  holds(p.page.url().endsWith("/login"), "a nick is needed");
  await p.page.getByLabel("Name").fill("Ada");
  await p.button("Create an account").click();
  await p.page.waitForURL("**/account");
  await p.axe("account");
  holds((await p.main.innerText()).includes("Ada"), "the nick is shown");
  same(JSON.parse(await p.stored()), [{}, {}, null, ""], "nothing is stored where scripts could read it");
  await p.button("Sign out").click();
  await p.page.waitForURL("**/login**");
  await p.page.waitForTimeout(1100);
  await p.ask(phone);
  await p.enterCode(await p.code(phone));
  await p.page.waitForURL("**/account");
  await p.open("/login");
  holds(p.page.url().endsWith("/account"), "who is signed in goes on");
});

scenario("a wrong code, one too short, then the right one", async (p) => {
  const phone = newPhone();
  await p.open();
  await p.ask(phone);
  const code = await p.code(phone);
  await p.enterCode("12");
  await p.page.getByText("The code has 6 digits.").waitFor();
  await p.axe("code too short");
  await p.enterCode(code === "000000" ? "111111" : "000000");
  await p.page.getByText("The code is wrong or has expired.").waitFor();
  same(await p.note.getAttribute("role"), "alert", "role");
  same(await p.page.locator("#code").getAttribute("aria-invalid"), "true", "aria-invalid");
  await p.axe("wrong code");
  await p.enterCode(code);
  await p.page.getByLabel("Name").waitFor();
});

scenario("an expired code is answered like a wrong one", async (p) => {
  const phone = newPhone();
  await p.open("/login?login=auths.loginTypes.brief", sites.many);
  await p.ask(phone);
  const code = await p.code(phone);
  await p.page.waitForTimeout(2200);
  await p.enterCode(code);
  await p.page.getByText("The code is wrong or has expired.").waitFor();
});

scenario("a phone that is none, and one of another country", async (p) => {
  await p.open();
  for (const [phone, text] of [["123", "Enter a mobile phone number"], ["+44 7911 123456", "Numbers of this country"]]) {
    await p.page.getByLabel("Mobile phone number").fill(phone);
    await p.button("Get a code").click();
    await p.page.getByText(text).waitFor();
    same(await p.page.getByLabel("Mobile phone number").inputValue(), phone, "what was typed stays");
    await p.axe(text);
  }
});

scenario("the countdown goes on after a reload, and after a 429", async (p) => {
  const phone = newPhone();
  await p.open("/login?login=auths.loginTypes.slow", sites.many);
  await p.ask(phone);
  const left = async () => Number((await p.page.locator("#wait").innerText()).match(/(\d+) s/)[1]);
  const first = await left();
  holds(first <= 45 && first >= 35, "it begins at the server's 45: " + first);
  same(await p.page.locator("#resend").getAttribute("aria-disabled"), "true", "aria-disabled");
  await p.page.waitForTimeout(1500);
  await p.page.reload();
  const second = await left();
  holds(second < first && second >= first - 6, "after a reload: " + first + " then " + second);
  await p.page.locator("#resend").click({ force: true });
  await p.page.waitForTimeout(300);
  same(await p.note.innerText(), "", "a button that waits does nothing");
  await p.button("Use another number").click();
  same(await p.page.getByLabel("Mobile phone number").inputValue(), phone, "the number can be corrected");
  await p.button("Get a code").click();
  await p.page.getByText("A code was sent a moment ago.").waitFor();
  const third = await left();
  holds(third <= second && third >= second - 10, "after a 429: " + second + " then " + third);
  await p.enterCode(await p.code(phone));
  await p.page.getByLabel("Name").waitFor();
});

scenario("a new code", async (p) => {
  const phone = newPhone();
  await p.open();
  await p.ask(phone);
  const old = await p.code(phone);
  await p.page.getByText("You can ask for a new code now.").waitFor();
  await p.button("Send a new code").click();
  await p.page.getByText("Only the newest one works.").waitFor();
  const code = await p.code(phone);
  if (old !== code) {
    await p.enterCode(old);
    await p.page.getByText("The code is wrong or has expired.").waitFor();
  }
  await p.enterCode(code);
  await p.page.getByLabel("Name").waitFor();
});

scenario("a code is pasted in many forms", async (p) => {
  const phone = newPhone();
  await p.open();
  await p.ask(phone);
  const field = p.page.locator("#code");
  for (const text of ["123456", "123 456", "验证码:123456,5分钟内有效", "１２３-４５６", "\u202d١٢٣\u200b٤٥٦\u202c", "Your code is 123456. Valid for 5 minutes."]) {
    await field.fill("");
    await p.page.evaluate((t) => navigator.clipboard.writeText(t), text);
    await field.press("Control+v");
    same(await field.inputValue(), "123456", text);
  }
  await field.fill("");
  await field.pressSequentially("123456");
  same(await field.evaluate((e) => [e.scrollLeft, e.parentElement.scrollLeft]), [0, 0], "each digit stays in its box");
  await field.fill("");
  await field.pressSequentially("12 34");
  same(await field.inputValue(), "12 34", "typing is left alone");
});

scenario("autofill by one input event", async (p) => {
  const phone = newPhone();
  await p.open();
  await p.ask(phone);
  const code = await p.code(phone);
  await p.page.evaluate((c) => {
    const field = document.querySelector("#code");
    field.value = c;
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }, code.slice(0, 3) + " " + code.slice(3));
  same(await p.page.locator("#code").inputValue(), code, "the field");
  await p.page.waitForTimeout(200);
  holds((await p.page.getByLabel("Name").count()) === 0, "typing and filling send nothing");
  await p.button("Continue").click();
  await p.page.getByLabel("Name").waitFor();
});

scenario("WebOTP sends the form", async (p) => {
  await p.page.addInitScript(() => {
    window.OTPCredential ??= class {};
    navigator.credentials.get = () => new Promise((go) => (window.gotCode = (code) => go({ code })));
  });
  const phone = newPhone();
  await p.open();
  await p.ask(phone);
  const code = await p.code(phone);
  await p.page.evaluate((c) => window.gotCode(c), code);
  await p.page.getByLabel("Name").waitFor();
});

scenario("change the phone", async (p) => {
  const old = await p.register();
  await p.page.waitForTimeout(1100);
  await p.button("Change").click();
  await p.page.locator("#code").waitFor();
  await p.axe("code of the old phone");
  await p.enterCode(await p.code(old));
  const phone = p.keep(newPhone());
  await p.page.getByLabel("Mobile phone number").waitFor();
  await p.axe("new phone");
  await p.page.getByLabel("Mobile phone number").fill(phone);
  await p.button("Get a code").click();
  await p.page.locator("#code").waitFor();
  await p.axe("code of the new phone");
  await p.enterCode("000");
  await p.page.getByText("The code has 6 digits.").waitFor();
  await p.enterCode(await p.code(phone));
  await p.page.getByText("Your number was changed.").waitFor();
  holds((await p.main.innerText()).includes("139****" + phone.slice(7)), "the new number is shown");
});

scenario("unbind the phone and bind another", async (p) => {
  const old = await p.register();
  await p.page.waitForTimeout(1100);
  await p.button("Remove").click();
  await p.page.locator("#code").waitFor();
  await p.axe("unbind");
  await p.enterCode(await p.code(old), "Remove");
  await p.page.getByText("Your number was removed.").waitFor();
  await p.axe("no phone");
  await p.button("Add a number").click();
  await p.axe("bind");
  const phone = p.keep(newPhone());
  await p.page.getByLabel("Mobile phone number").fill(phone);
  await p.button("Get a code").click();
  await p.enterCode(await p.code(phone));
  await p.page.getByText("Your number was added.").waitFor();
});

scenario("sessions: end the others, sign out everywhere", async (p) => {
  const phone = await p.register();
  const other = await p.context.browser().newContext({ locale: "en-US" });
  try {
    const page = await other.newPage();
    await p.page.waitForTimeout(1100);
    await page.goto(sites.shop + "/login");
    await page.getByLabel("Mobile phone number").fill(phone);
    await page.getByRole("button", { name: "Get a code" }).click();
    await page.locator("#code").fill(await p.code(phone));
    await page.getByRole("button", { name: "Continue" }).click();
    await page.waitForURL("**/account");
    await p.page.reload();
    same(await p.page.locator(".list li").count(), 2, "sessions");
    await p.axe("two sessions");
    await p.button("End the others").click();
    await p.page.getByText("The other sessions have ended.").waitFor();
    same(await p.page.locator(".list li").count(), 1, "sessions");
    await page.waitForTimeout(1100);
    await page.reload();
    holds(page.url().includes("/login"), "the other is signed out");
    await p.button("Sign out everywhere").click();
    await p.page.waitForURL("**/login**");
    await p.open("/account");
    holds(p.page.url().includes("/login"), "nobody is signed in");
  } finally {
    await other.close();
  }
});

scenario("the session slides without a token in sight", async (p) => {
  await p.register();
  const before = await p.context.cookies();
  same(before.filter((c) => !c.httpOnly || c.sameSite !== "Lax").length, 0, "cookies");
  await p.context.clearCookies({ name: /^lintel_session_/ });
  await p.open("/account");
  holds(p.page.url().endsWith("/account"), "it goes on by the refresh cookie");
  holds((await p.context.cookies()).some((c) => c.name.startsWith("lintel_session_")), "a new access token");
  await p.context.clearCookies({ name: /^lintel_session_/ });
  await p.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await p.page.waitForResponse((r) => r.url().endsWith("/refresh") && r.ok());
  holds(p.page.url().endsWith("/account"), "the module renews it too");
});

scenario("Chinese by Accept-Language, English by the switch", async (p) => {
  await p.open();
  same(await p.page.locator("html").getAttribute("lang"), "zh-CN", "lang");
  await p.axe("Chinese");
  await p.page.getByLabel("手机号").fill(p.keep(newPhone()));
  await p.button("获取验证码").click();
  await p.page.getByText("验证码已发送").waitFor();
  await p.axe("Chinese code step");
  await p.page.getByRole("link", { name: "English" }).click();
  same(await p.page.locator("html").getAttribute("lang"), "en", "lang");
  await p.page.locator("#code").waitFor();
  await p.page.reload();
  same(await p.page.locator("html").getAttribute("lang"), "en", "it is remembered");
}, { locale: "zh-CN" });

scenario("a language from right to left, by a file", async (p) => {
  await p.open("/login?login=auths.loginTypes.world", sites.many);
  same(await p.page.locator("html").getAttribute("dir"), "rtl", "dir");
  await p.axe("right to left");
  await p.ask(newPhone());
  await p.page.keyboard.type("12345678");
  const row = await p.page.locator(".code").boundingBox(), field = await p.page.locator("#code").boundingBox();
  same([Math.round(field.x), await p.page.locator("#code").evaluate((e) => e.scrollLeft)], [Math.round(row.x), 0], "digits begin in the first box");
  const ends = await p.page.evaluate(() => {
    const at = (offset) => {
      const text = document.querySelector("form > p").firstChild, range = document.createRange();
      range.setStart(text, text.data.indexOf("139") + offset);
      range.setEnd(text, text.data.indexOf("139") + offset + 1);
      return range.getBoundingClientRect().x;
    };
    return [at(0), at(10)];
  });
  holds(ends[0] < ends[1], "the number reads from left to right: " + ends);
  same(await p.page.evaluate(() => document.documentElement.scrollWidth), 320, "it fits");
}, { locale: "ar-EG", viewport: { width: 320, height: 640 } });

scenario("dark", async (p) => {
  await p.open();
  const [r] = (await p.page.evaluate(() => getComputedStyle(document.body).backgroundColor)).match(/\d+/g);
  holds(Number(r) < 60, "the page is dark");
}, { colorScheme: "dark" });

scenario("320 px wide", async (p) => {
  const phone = newPhone();
  const fits = async (what) => same(await p.page.evaluate(() => document.documentElement.scrollWidth), 320, what);
  await p.open("/login", sites.many);
  await fits("first step");
  await p.open();
  await p.ask(phone);
  await fits("code step");
  await p.axe("narrow");
  await p.enterCode(await p.code(phone));
  await p.page.getByLabel("Name").fill("Somebody with quite a long name that has_no_place_to_break_in_it");
  await fits("register step");
  await p.button("Create an account").click();
  await p.page.waitForURL("**/account");
  await fits("account");
  for (const box of await p.page.locator("button, input:not([type=hidden]), select, a").all()) {
    if (!(await box.isVisible())) continue;
    const { height } = await box.boundingBox();
    holds(height >= 44, "a target of " + height + " px");
  }
}, { viewport: { width: 320, height: 640 } });

scenario("keyboard only", async (p) => {
  const phone = newPhone();
  p.keep(phone);
  await p.open();
  let stops = 0;
  const focused = () => p.page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
  while ((await focused()) !== "phone" && stops++ < 5) await p.page.keyboard.press("Tab");
  holds(stops <= 5, "the phone field can be reached");
  await p.page.keyboard.type(phone);
  await p.page.keyboard.press("Enter");
  await p.page.locator("#code").waitFor();
  same(await focused(), "code", "focus");
  const outline = await p.page.locator("#code").evaluate((e) => getComputedStyle(e).outlineStyle);
  same(outline, "solid", "the focus can be seen");
  const code = await p.code(phone);
  await p.page.keyboard.type("12");
  await p.page.keyboard.press("Enter");
  await p.page.getByText("The code has 6 digits.").waitFor();
  same(await focused(), "code", "focus after an error");
  await p.page.keyboard.type(code);
  await p.page.keyboard.press("Enter");
  await p.page.getByLabel("Name").waitFor();
  same(await focused(), "nick", "focus");
  await p.page.keyboard.type("Ada");
  await p.page.keyboard.press("Enter");
  await p.page.waitForURL("**/account");
  let tabs = 0;
  while ((await focused()) !== "Sign out" && tabs++ < 10) await p.page.keyboard.press("Tab");
  await p.page.keyboard.press("Enter");
  await p.page.waitForURL("**/login**");
});

scenario("six stops of the keyboard at most on the first step", async (p) => {
  await p.open("/login", sites.shop);
  const stops = await p.page.locator("a, button, input:not([type=hidden]), select").count();
  holds(stops <= 6, stops + " stops");
});

scenario("without JavaScript", async (p) => {
  const phone = newPhone();
  await p.open();
  await p.ask(phone);
  holds(p.page.url().endsWith("/login"), "by a redirect");
  await p.page.reload();
  await p.page.locator("#code").waitFor();
  const code = await p.code(phone);
  await p.enterCode(code === "000000" ? "111111" : "000000");
  await p.page.getByText("The code is wrong or has expired.").waitFor();
  await p.enterCode("code: " + code.slice(0, 3) + "-" + code.slice(3));
  await p.page.getByLabel("Name").fill("Ada");
  await p.button("Create an account").click();
  await p.page.waitForURL("**/account");
  await p.page.waitForTimeout(1100);
  await p.button("Change").click();
  await p.enterCode(await p.code(phone));
  const other = p.keep(newPhone());
  await p.page.getByLabel("Mobile phone number").fill(other);
  await p.button("Get a code").click();
  await p.enterCode(await p.code(other));
  await p.page.getByText("Your number was changed.").waitFor();
  await p.page.waitForTimeout(1100);
  await p.button("Remove").click();
  await p.enterCode(await p.code(other), "Remove");
  await p.page.getByText("Your number was removed.").waitFor();
  await p.page.getByRole("link", { name: "中文" }).click();
  await p.button("退出登录").click();
  await p.page.waitForURL("**/login**");
}, { javaScriptEnabled: false });

scenario("several logins are tabs, several countries a list", async (p) => {
  await p.open("/login", sites.many);
  await p.axe("tabs");
  same(await p.page.locator(".tabs a").count(), 9, "tabs");
  await p.page.getByRole("link", { name: "World" }).click();
  same(await p.page.locator(".tabs [aria-current=page]").innerText(), "World", "current");
  const list = p.page.getByLabel("Country or region");
  same(await list.locator("option").allInnerTexts(), ["China +86", "Hong Kong +852", "United Kingdom +44", "United States +1"], "countries");
  await p.axe("countries");
  const field = p.page.getByLabel("Mobile phone number");
  await field.fill(p.keep("07400 123456"));
  await list.selectOption("GB");
  same(await field.inputValue(), "07400 123456", "the list leaves the number alone");
  await p.button("Get a code").click();
  await p.page.locator("#code").waitFor();
  same(await p.page.locator("#code").getAttribute("data-digits"), "8", "digits");
  await p.axe("eight digits");
  await p.enterCode(await p.code("+447400123456"));
  await p.page.getByLabel("Name").waitFor();
});

scenario("a login's own title, logo and colours", async (p) => {
  await p.open("/login?login=auths.loginTypes.world", sites.many);
  holds(/^Sign in to /.test(await p.page.locator("h1").innerText()), "the headline");
  holds(await p.page.locator("p.hint", { hasText: /^World$/ }).isVisible(), "title");
  holds(await p.page.locator("img.logo").evaluate((i) => i.complete && i.naturalWidth > 0), "the logo is shown");
  same(await p.page.locator("button.main").evaluate((b) => getComputedStyle(b).backgroundColor), "rgb(255, 179, 0)", "colour");
  await p.axe("own colours");
});

scenario("redirect goes to allowed origins only", async (p) => {
  const phone = await p.register();
  await p.context.clearCookies();
  await p.page.waitForTimeout(1100);
  await p.context.route("https://front.example/**", (r) => r.fulfill({ contentType: "text/html", body: "<title>front</title>" }));
  await p.open("/login?redirect=" + encodeURIComponent("https://front.example/in?x=1"));
  await p.ask(phone);
  await p.enterCode(await p.code(phone));
  await p.page.waitForURL("https://front.example/in?x=1");
  for (const bad of ["https://evil.example/", "//evil.example/", "https://front.example.evil.example/", "javascript:alert(1)", "/\\evil.example", "https://front.example@evil.example/"]) {
    await p.open("/login?redirect=" + encodeURIComponent(bad));
    holds(p.page.url() === sites.shop + "/account", bad + " led to " + p.page.url());
  }
});

scenario("redirect without JavaScript", async (p) => {
  const phone = newPhone();
  await p.context.route("https://front.example/**", (r) => r.fulfill({ contentType: "text/html", body: "<title>front</title>" }));
  await p.open("/login?redirect=" + encodeURIComponent("https://front.example/in"));
  await p.ask(phone);
  await p.enterCode(await p.code(phone));
  await p.page.getByLabel("Name").fill("Ada");
  await p.button("Create an account").click();
  await p.page.waitForURL("https://front.example/in");
}, { javaScriptEnabled: false });

scenario("a lost connection is told", async (p) => {
  await p.open();
  await p.page.getByLabel("Mobile phone number").fill(p.keep(newPhone()));
  await p.context.setOffline(true);
  await p.button("Get a code").click();
  await p.page.getByText("No connection.").waitFor();
  await p.axe("offline");
  await p.context.setOffline(false);
  await p.button("Get a code").click();
  await p.page.locator("#code").waitFor();
});

scenario("pressing twice sends once", async (p) => {
  const phone = newPhone();
  await p.open();
  await p.page.getByLabel("Mobile phone number").fill(p.keep(phone));
  await p.button("Get a code").dblclick();
  await p.page.getByText("Only the newest one works.").waitFor();
});

scenario("choosing among several corps", async (p) => {
  // One of each corp; then somebody takes everybody into both.
  const phone = await p.register("Ada", "/login?login=auths.loginTypes.second", sites.many);
  await p.button("Sign out").click();
  await p.page.waitForURL("**/login**");
  await p.register("Eve", "/login?login=auths.loginTypes.slow", sites.many);
  await p.button("Sign out").click();
  await p.page.waitForURL("**/login**");
  holds((await fetch(sites.world + "/join")).ok, "they join");
  await p.open("/login?login=auths.loginTypes.second", sites.many);
  await p.ask(phone);
  await p.enterCode(await p.code(phone));
  await p.page.getByRole("group", { name: "Which organisation do you want to enter?" }).waitFor();
  same((await p.page.locator(".pick").allInnerTexts()).map((t) => t.trim()).sort(), ["Example Shop", "Second Shop"], "corps");
  await p.axe("corps");
  await p.page.reload();
  await p.page.getByLabel("Second Shop").check();
  await p.button("Continue").click();
  await p.page.waitForURL("**/account");
  holds((await p.main.innerText()).includes("Second Shop"), "the corp that was chosen");
});

scenario("choosing among several corps by keyboard, without JavaScript", async (p) => {
  const phone = await p.register("Bob", "/login?login=auths.loginTypes.second", sites.many);
  await p.button("Sign out").click();
  await p.page.waitForURL("**/login**");
  holds((await fetch(sites.world + "/join")).ok, "they join");
  await p.page.waitForTimeout(1100);
  await p.open("/login?login=auths.loginTypes.second", sites.many);
  await p.ask(phone);
  await p.enterCode(await p.code(phone));
  await p.page.getByRole("radio").first().focus();
  await p.page.keyboard.press("ArrowDown");
  const chosen = (await p.page.locator(".pick:has(:checked)").innerText()).trim();
  await p.page.keyboard.press("Enter");
  await p.page.waitForURL("**/account");
  holds((await p.main.innerText()).includes(chosen), "the corp that was chosen");
}, { javaScriptEnabled: false });

scenario("a captcha that the browser solves", async (p) => {
  await p.open("/login?login=auths.loginTypes.worked", sites.many);
  const phone = newPhone();
  await p.ask(phone);
  await p.enterCode(await p.code(phone));
  await p.page.getByLabel("Nickname").waitFor();
});

// read returns the answer of the captcha that is shown.
async function read(p) {
  const token = await p.page.locator("[name=captchaToken]").inputValue();
  const answer = await fetch(sites.world + "/read", { method: "POST", body: new URLSearchParams({ login: "auths.loginTypes.read", token }) });
  holds(answer.ok, "it can be read");
  return answer.text();
}

scenario("a captcha that a person reads, or hears", async (p) => {
  const phone = newPhone();
  await p.open("/login?login=auths.loginTypes.read", sites.many);
  await p.page.getByLabel("Mobile phone number").fill(p.keep(phone));
  await p.button("Get a code").click();
  const seen = p.page.getByLabel("Digits in the picture"), heard = p.page.getByLabel("Digits in the recording");
  await seen.waitFor();
  holds(await p.page.getByRole("img", { name: "Picture of digits" }).evaluate((i) => i.complete && i.naturalWidth > 0), "the picture is shown");
  await p.axe("picture");
  await seen.fill("wrong");
  await p.button("Continue").click();
  await p.page.getByText("That wasn't right").waitFor();
  await p.axe("wrong picture");
  await p.button("Another picture").click();
  await p.page.locator("#note:empty").waitFor({ state: "attached" });
  await p.button("Listen instead").click();
  await heard.waitFor();
  const audio = p.page.locator("audio");
  await audio.evaluate((a) => new Promise((go, no) => (a.readyState >= 1 ? go() : ((a.onloadedmetadata = go), (a.onerror = no)))));
  holds((await audio.evaluate((a) => a.duration)) > 1, "it can be heard");
  await p.axe("recording");
  await heard.fill("wrong");
  await p.button("Continue").click();
  await p.page.getByText("That wasn't right").waitFor();
  await heard.fill(await read(p));
  await p.button("Continue").click();
  await p.enterCode(await p.code(phone));
  await p.page.getByLabel("Nickname").waitFor();
});

scenario("a captcha before a change of the account", async (p) => {
  const phone = newPhone();
  const answer = async () => {
    await p.page.getByLabel("Digits in the picture").fill(await read(p));
    await p.button("Continue").click();
  };
  await p.open("/login?login=auths.loginTypes.read", sites.many);
  await p.page.getByLabel("Mobile phone number").fill(p.keep(phone));
  await p.button("Get a code").click();
  await answer();
  await p.enterCode(await p.code(phone));
  await p.page.getByLabel("Nickname").fill("Ada");
  await p.button("Create an account").click();
  await p.page.waitForURL("**/account");
  await p.page.waitForTimeout(1100);
  await p.button("Remove").click();
  await p.page.getByLabel("Digits in the picture").waitFor();
  await p.axe("a captcha of the account");
  await p.button("Back").click();
  await p.button("Remove").click();
  await answer();
  await p.enterCode(await p.code(phone), "Remove");
  await p.page.getByText("Your number was removed.").waitFor();
});

scenario("a login that is not available is said to a person", async (p) => {
  await p.open("/login?login=auths.loginTypes.broken", sites.many);
  await p.page.getByRole("alert").getByText("Try again later.").waitFor();
  await p.axe("not available");
  await p.page.getByRole("link", { name: "中文" }).click();
  await p.page.getByRole("alert").getByText("请稍后再试").waitFor();
  holds(await p.page.getByRole("link", { name: "重试" }).isVisible(), "it can be tried again");
});

scenario("a captcha without JavaScript is one to be read", async (p) => {
  const phone = newPhone();
  await p.open("/login?login=auths.loginTypes.read", sites.many);
  await p.page.getByLabel("Mobile phone number").fill(phone);
  await p.button("Get a code").click();
  await p.page.getByLabel("Digits in the picture").fill(await read(p));
  await p.button("Continue").click();
  await p.enterCode(await p.code(phone));
  await p.page.getByLabel("Nickname").waitFor();
}, { javaScriptEnabled: false });

scenario("where the browser would have to compute without JavaScript, there is a picture", async (p) => {
  await p.open("/login?login=auths.loginTypes.worked", sites.many);
  await p.page.getByLabel("Mobile phone number").fill(newPhone());
  await p.button("Get a code").click();
  await p.page.getByLabel("Digits in the picture").waitFor();
}, { javaScriptEnabled: false });

scenario("the description of the API, with no request leaving the site", async (p) => {
  await p.open("/docs");
  await p.page.getByRole("heading", { name: "auths.loginTypes.myPhoneLogin" }).waitFor();
  await p.axe("docs");
  await p.page.locator("summary", { hasText: "sendMessage" }).click();
  same(await p.page.locator("details[open] tbody th").allInnerTexts(), ["phone", "purpose", "captcha"], "arguments in their order");
  await p.page.locator("summary", { hasText: "sendMessage" }).click();
  await p.page.locator("summary", { hasText: "getLoginConfig" }).click();
  await p.axe("docs, open");
  await p.page.locator("details[open]").getByRole("button", { name: "Call" }).click();
  await p.page.getByText('"codeLength": 6').waitFor();
  holds(p.urls.every((u) => u.startsWith(sites.shop) || u.startsWith("data:")), "a request left the site");
  await p.page.getByRole("link", { name: "中文" }).click();
  await p.page.getByRole("heading", { name: "错误" }).waitFor();
  await p.axe("docs in Chinese");
});

scenario("<phone-login> on a page of another origin", async (p) => {
  p.site = sites.shop;
  await p.page.goto(sites.stub + "/front/?src=" + encodeURIComponent(sites.shop));
  await p.page.evaluate(() => addEventListener("signed-in", (e) => (window.session = e.detail)));
  const phone = p.keep(newPhone());
  await p.page.getByLabel("Mobile phone number").fill(phone);
  await p.axe("phone-login");
  await p.button("Get a code").click();
  const code = p.page.getByLabel("Code");
  await code.waitFor();
  await p.axe("phone-login, code");
  await code.fill("12");
  await p.button("Continue").click();
  await p.page.getByText("The code has 6 digits.").waitFor();
  const right = await p.code(phone);
  await code.fill(right.slice(0, 3) + " " + right.slice(3));
  await p.button("Continue").click();
  await p.page.getByLabel("Name").fill("Ada");
  await p.button("Create an account").click();
  await p.page.waitForFunction(() => window.session?.accessToken);
});

scenario("<phone-login> with countries, pictures and recordings", async (p) => {
  p.site = sites.many;
  const front = (login) => p.page.goto(sites.stub + "/front/?src=" + encodeURIComponent(sites.many) + "&login=auths.loginTypes." + login);
  await front("world");
  await p.page.getByLabel("Country or region").selectOption("GB");
  await p.axe("phone-login, countries");
  await p.page.getByLabel("Mobile phone number").fill(p.keep("07400 654321"));
  await p.button("Get a code").click();
  await p.page.getByLabel("Verification code").fill(await p.code("+447400654321"));
  same(await p.page.evaluate(() => document.documentElement.scrollWidth), 320, "it fits");
  await p.button("Continue").click();
  await p.page.getByLabel("Nickname").waitFor();

  await front("read");
  await p.page.getByLabel("Mobile phone number").fill(p.keep(newPhone()));
  await p.button("Get a code").click();
  await p.page.getByRole("img", { name: "Picture of digits" }).waitFor();
  await p.axe("phone-login, picture");
  await p.button("Use another number").click();
  const phone = p.keep(newPhone());
  await p.page.getByLabel("Mobile phone number").fill(phone);
  await p.button("Get a code").click();
  await p.page.getByText("A quick check").waitFor();
  await p.button("Listen instead").click();
  await p.page.getByLabel("Digits in the recording").fill("wrong");
  await p.axe("phone-login, recording");
  await p.button("Continue").click();
  await p.page.getByText("That wasn't right").waitFor();
  await p.button("Use a picture").click();
  await p.page.getByLabel("Digits in the picture").waitFor();
  await p.axe("phone-login, picture again");
}, { viewport: { width: 320, height: 640 } });

scenario("nobody gets a code before they agree", async (p) => {
  await p.open("/login?login=auths.loginTypes.terms", sites.many);
  await p.axe("with a box to tick");
  const box = p.page.getByRole("checkbox", { name: "I agree to the terms of use and the privacy policy." });
  same(await box.isChecked(), false, "it isn't ticked by itself");
  same(await p.page.locator(".agree a").evaluateAll((all) => all.map((a) => [a.href, a.target, a.rel])), [
    ["https://front.example/terms", "_blank", "noopener"], [sites.many + "/privacy.html", "_blank", "noopener"],
  ], "links");
  const phone = newPhone();
  await p.page.getByLabel("Mobile phone number").fill(p.keep(phone));
  await p.button("Get a code").click();
  same(await p.page.locator("#code").count(), 0, "the browser asks for the box");
  // A browser that doesn't know required: the server asks.
  await box.evaluate((e) => (e.required = false));
  await p.button("Get a code").click();
  await p.page.getByText("Tick the box to agree").waitFor();
  same(await p.page.getByLabel("Mobile phone number").inputValue(), phone, "the number stays");
  await p.axe("not ticked");
  await p.page.locator(".agree").click({ position: { x: 5, y: 5 } });
  same(await p.page.getByRole("checkbox").isChecked(), true, "the whole label ticks it");
  await p.button("Get a code").click();
  await p.code(phone);
  await p.button("Use another number").click();
  same(await p.page.getByRole("checkbox").isChecked(), true, "once is enough");
});

scenario("agreeing without JavaScript", async (p) => {
  await p.open("/login?login=auths.loginTypes.terms&lang=zh-CN", sites.many);
  const phone = newPhone();
  await p.page.getByLabel("手机号").fill(p.keep(phone));
  await p.page.getByRole("checkbox", { name: "我已阅读并同意《用户协议》和《隐私政策》" }).check();
  await p.button("获取验证码").click();
  await p.page.locator("#code").fill(await p.code(phone));
  await p.button("继续").click();
  await p.page.getByLabel("昵称").waitFor();
}, { javaScriptEnabled: false });

scenario("links without a box", async (p) => {
  await p.open("/login?login=auths.loginTypes.termsOnly", sites.many);
  await p.page.getByText("By going on you agree to the terms of use.").waitFor();
  same(await p.page.getByRole("checkbox").count(), 0, "nothing to tick");
  await p.axe("links without a box");
  await p.open("/login", sites.many);
  same(await p.page.locator(".agree").count(), 0, "a login without links shows none");
});

scenario("agreeing from right to left, narrow and dark", async (p) => {
  await p.open("/login?login=auths.loginTypes.terms", sites.many);
  await p.axe("agreeing, right to left");
  const [box, text] = [await p.page.getByRole("checkbox").boundingBox(), await p.page.locator(".agree span").boundingBox()];
  holds(box.x >= text.x + text.width, "the box is on the right: " + [box.x, text.x + text.width]);
  same(await p.page.evaluate(() => document.documentElement.scrollWidth), 320, "it fits");
}, { locale: "ar-EG", viewport: { width: 320, height: 640 }, colorScheme: "dark" });

scenario("<phone-login> asks for agreement", async (p) => {
  p.site = sites.many;
  const front = (login) => p.page.goto(sites.stub + "/front/?src=" + encodeURIComponent(sites.many) + "&login=auths.loginTypes." + login);
  await front("termsOnly");
  await p.page.getByText("By going on you agree").waitFor();
  same(await p.page.getByRole("link", { name: "terms of use" }).evaluate((a) => a.href), sites.many + "/terms", "relative to the app");
  await p.axe("phone-login, links");
  await front("terms");
  const box = p.page.getByRole("checkbox", { name: "I agree to the terms of use and the privacy policy." });
  await box.waitFor();
  await p.axe("phone-login, box");
  const phone = p.keep(newPhone());
  await p.page.getByLabel("Mobile phone number +86").fill(phone);
  await box.evaluate((e) => (e.required = false));
  await p.button("Get a code").click();
  await p.page.getByText("Tick the box to agree").waitFor();
  await box.check();
  await p.button("Get a code").click();
  await p.page.getByLabel("Verification code").fill(await p.code(phone));
  same(await p.page.evaluate(() => document.documentElement.scrollWidth), 320, "it fits");
}, { viewport: { width: 320, height: 640 } });

scenario("the outbox shows what comes", async (p) => {
  await p.open("/_dev/outbox");
  await p.axe("outbox");
  const reader = await p.context.newPage();
  const phone = newPhone();
  await reader.goto(sites.shop + "/login");
  await reader.getByLabel("Mobile phone number").fill(p.keep(phone));
  await reader.getByRole("button", { name: "Get a code" }).click();
  await p.page.bringToFront();
  const first = p.page.locator("li", { hasText: phone.slice(-4) }).first();
  await first.waitFor();
  const code = await p.code(phone);
  same(await first.locator(".code").innerText(), code, "code");
  await p.axe("outbox with messages");
  // Focus, selection and the element itself survive the next message.
  await p.page.getByRole("link", { name: "outbox.json" }).focus();
  await first.locator(".code").evaluate((e) => { getSelection().selectAllChildren(e); e.dataset.mine = "1"; });
  const second = newPhone();
  await reader.getByRole("button", { name: "Use another number" }).click();
  await reader.getByLabel("Mobile phone number").fill(p.keep(second));
  await reader.getByRole("button", { name: "Get a code" }).click();
  await p.page.locator("li", { hasText: second.slice(-4) }).first().waitFor();
  same(await p.page.evaluate(() => [document.activeElement.textContent, String(getSelection())]), ["outbox.json", code], "focus and selection");
  same(await first.locator(".code").getAttribute("data-mine"), "1", "the same element");
  holds((await p.page.locator("li").first().innerText()).includes(second.slice(-4)), "the newest is first");
  await p.page.getByText("New messages: 1").waitFor();
});

scenario("the outbox in Chinese, narrow and dark", async (p) => {
  await p.open("/_dev/outbox");
  await p.page.getByRole("heading", { name: "发件箱" }).waitFor();
  await p.axe("outbox, narrow and dark");
  same(await p.page.evaluate(() => document.documentElement.scrollWidth), 320, "it fits");
}, { locale: "zh-CN", viewport: { width: 320, height: 640 }, colorScheme: "dark" });

await run();
