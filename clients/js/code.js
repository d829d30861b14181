/**
 * Returns text with decimal digits of any script as ASCII digits, and without format
 * characters such as the marks of writing direction.
 */
export function plainDigits(text) {
  // The digits of a script are in a row that begins with zero.
  const value = (digit) => {
    let n = 0;
    while (/\p{Nd}/u.test(String.fromCodePoint(digit.codePointAt(0) - n - 1))) n++;
    return n % 10;
  };
  return text.replace(/\p{Cf}/gu, "").replace(/(?![0-9])\p{Nd}/gu, value);
}

/** Returns a typed phone number: trimmed, with plain digits, without the scheme tel:. */
export const tidyPhone = (text) => plainDigits(text).trim().replace(/^tel:\s*/i, "");

/**
 * Returns the code of n digits in what was typed or pasted: with spaces or hyphens,
 * digits of any script, or the message around it. Without such a code it returns all
 * digits.
 */
export function tidyCode(text, n) {
  const runs = plainDigits(text).replace(/(\d)[\s\-\u2010-\u2015]+(?=\d)/g, "$1").match(/\d+/g) ?? [];
  return runs.find((r) => r.length === n) ?? runs.join("");
}
