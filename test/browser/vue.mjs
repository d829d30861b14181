// Scenarios at the login view of examples/vue-element.
import { scenario, run, sites, newPhone, same, holds } from "./browser.mjs";

const open = async (p, login = "auths.loginTypes.myPhoneLogin") => {
  p.site = sites.many;
  await p.page.goto(sites.front + "/?login=" + login);
};

scenario("register and sign out, light and dark", async (p) => {
  await open(p);
  const phone = newPhone();
  await p.page.getByLabel("Mobile phone number").fill("123");
  await p.button("Get a code").click();
  await p.page.getByText("Enter a mobile phone number").waitFor();
  await p.axe("no phone");
  await p.page.getByLabel("Mobile phone number").fill(p.keep(phone));
  await p.button("Get a code").click();
  const code = p.page.getByLabel("Verification code");
  await code.waitFor();
  holds((await p.main.innerText()).includes("139****" + phone.slice(7)), "the number is shown masked");
  await code.fill("12");
  await p.button("Continue").click();
  await p.page.getByText("The code has 6 digits").waitFor();
  await p.axe("code too short");
  const right = await p.code(phone);
  await code.fill("Your code is " + right.slice(0, 3) + "-" + right.slice(3));
  same(await code.inputValue(), right, "a pasted code");
  await p.button("Continue").click();
  await p.page.getByLabel("Nickname").fill("Ada");
  await p.axe("register");
  await p.button("Create an account").click();
  await p.page.getByText("You are signed in").waitFor();
  holds((await p.main.innerText()).includes("Ada"), "the nick is shown");
  await p.axe("signed in");
  same(JSON.parse(await p.stored()), [{}, {}, null, ""], "nothing is stored where scripts could read it");
  await p.button("Sign out").click();
  await p.page.getByLabel("Mobile phone number").waitFor();
});

scenario("countries, 320 px wide, dark and Chinese", async (p) => {
  await open(p, "auths.loginTypes.world");
  await p.page.getByLabel("国家或地区").click();
  await p.page.getByRole("option", { name: "英国 +44" }).click();
  await p.page.getByLabel("手机号").fill(p.keep("07400 765432"));
  await p.button("获取验证码").click();
  await p.page.getByLabel("验证码", { exact: true }).fill(await p.code("+447400765432"));
  same(await p.page.evaluate(() => document.documentElement.scrollWidth), 320, "it fits");
  await p.axe("code");
}, { locale: "zh-CN", colorScheme: "dark", viewport: { width: 320, height: 640 } });

scenario("captchas: computed, seen, heard", async (p) => {
  await open(p, "auths.loginTypes.worked");
  await p.page.getByLabel("Mobile phone number").fill(p.keep(newPhone()));
  await p.button("Get a code").click();
  await p.page.getByLabel("Verification code").waitFor();

  await open(p, "auths.loginTypes.read");
  await p.page.getByLabel("Mobile phone number").fill(p.keep(newPhone()));
  await p.button("Get a code").click();
  await p.page.getByLabel("Digits in the picture").fill("wrong");
  await p.axe("picture");
  await p.button("Continue").click();
  await p.page.getByText("That wasn't right").waitFor();
  await p.axe("wrong picture");
  await p.button("Listen instead").click();
  await p.page.getByLabel("Digits in the recording").waitFor();
  await p.axe("recording");
});

await run();
