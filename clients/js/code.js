/**
 * Returns the code of n digits in what was typed or pasted: with spaces or hyphens,
 * full-width digits, or the message around it. Without such a code it returns all
 * digits.
 */
export function tidyCode(text, n) {
  const runs = text.normalize("NFKC").replace(/(\d)[\s\-\u2010-\u2015]+(?=\d)/g, "$1").match(/\d+/g) ?? [];
  return runs.find((r) => r.length === n) ?? runs.join("");
}
