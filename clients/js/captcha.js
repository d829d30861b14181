// Solves captchas of the kind "pow": work that takes a browser a moment, and that a
// flood of requests can't afford.

const K = new Uint32Array(64);
const H = new Uint32Array(8);
// The constants of SHA-256 are bits of roots of primes (FIPS 180-4, 4.2.2, 5.3.3).
for (let n = 2, i = 0; i < 64; n++) {
  let prime = true;
  for (let d = 2; d * d <= n; d++) prime &&= n % d > 0;
  if (!prime) continue;
  const bits = (root) => (root - Math.floor(root)) * 2 ** 32;
  if (i < 8) H[i] = bits(Math.sqrt(n));
  K[i++] = bits(Math.cbrt(n));
}

/** Returns the SHA-256 of bytes as eight words. crypto.subtle would need https. */
export function sha256(bytes) {
  const h = H.slice();
  const w = new Uint32Array(64);
  const length = bytes.length;
  const padded = new Uint8Array(((length + 8) >> 6 << 6) + 64);
  padded.set(bytes);
  padded[length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, length << 3);
  const turn = (x, n) => (x >>> n) | (x << (32 - n));
  for (let block = 0; block < padded.length; block += 64) {
    for (let i = 0; i < 64; i++) {
      if (i < 16) w[i] = view.getUint32(block + i * 4);
      else {
        const x = w[i - 15], y = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
      }
    }
    let [a, b, c, d, e, f, g, z] = h;
    for (let i = 0; i < 64; i++) {
      const s = (z + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      const t = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      z = g; g = f; f = e; e = (d + s) | 0;
      d = c; c = b; b = a; a = (s + t) | 0;
    }
    [a, b, c, d, e, f, g, z].forEach((v, i) => (h[i] += v));
  }
  return h;
}

/**
 * Returns the number whose digits, after the salt, have the wanted digest. It pauses
 * now and then, so that the page stays responsive.
 */
export async function solve({ salt, hash, max }, signal) {
  const want = hash.match(/.{8}/g).map((word) => parseInt(word, 16));
  const encoder = new TextEncoder();
  for (let n = 0, pause = Date.now() + 12; n <= max; n++) {
    const have = sha256(encoder.encode(salt + n));
    if (have.every((word, i) => word === want[i])) return String(n);
    if (Date.now() > pause) {
      signal?.throwIfAborted();
      await new Promise((go) => setTimeout(go));
      pause = Date.now() + 12;
    }
  }
  throw new Error("the challenge has no answer");
}
