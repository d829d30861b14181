// Measures the first contentful paint of /login and of an empty page on a slow line
// (150 ms, 1.6 Mbit/s) and a processor slowed down four times. Prints medians in
// milliseconds.
import { createServer } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const { shop } = JSON.parse(process.env.LINTEL_SITES);
const rounds = Number(process.argv[2] ?? 7);
const empty = createServer((_, w) => w.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html><html lang=en><title>x</title><p>x")).listen(0, "127.0.0.1");
await new Promise((go) => empty.once("listening", go));
const home = mkdtempSync(join(tmpdir(), "lintel-paint-"));
const context = await chromium.launchPersistentContext(home, {
  executablePath: process.env.LINTEL_CHROMIUM,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

async function paint(url) {
  const fresh = await context.browser().newContext();
  try {
    const page = await fresh.newPage();
    const cdp = await fresh.newCDPSession(page);
    await cdp.send("Network.enable");
    await cdp.send("Network.setCacheDisabled", { cacheDisabled: true });
    await cdp.send("Network.emulateNetworkConditions", { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 750e3 / 8 });
    await cdp.send("Emulation.setCPUThrottlingRate", { rate: 4 });
    let bytes = 0;
    cdp.on("Network.loadingFinished", (e) => (bytes += e.encodedDataLength));
    await page.goto(url, { waitUntil: "load" });
    const fcp = await page.evaluate(() => new Promise((go) => new PerformanceObserver((l) => go(l.getEntries()[0].startTime)).observe({ type: "paint", buffered: true })));
    return { fcp, bytes };
  } finally {
    await fresh.close();
  }
}

const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
try {
  const blank = "http://127.0.0.1:" + empty.address().port;
  await paint(shop + "/login");
  await paint(blank);
  const login = [], nothing = [];
  let bytes;
  for (let i = 0; i < rounds; i++) {
    nothing.push((await paint(blank)).fcp);
    const one = await paint(shop + "/login");
    login.push(one.fcp);
    bytes = one.bytes;
  }
  process.stdout.write(JSON.stringify({ login: median(login), empty: median(nothing), bytes }) + "\n");
} finally {
  await context.close();
  rmSync(home, { recursive: true, force: true });
  empty.close();
}
