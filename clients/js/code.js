/**
 * Finds a code of n digits in what was typed or pasted: spaces and hyphens in it,
 * full-width digits, the message around it. Without one: the digits there are.
 */
export function tidyCode(text, n) {
  const runs = text.normalize("NFKC").replace(/(\d)[\s\-\u2010-\u2015]+(?=\d)/g, "$1").match(/\d+/g) ?? [];
  return runs.find((r) => r.length === n) ?? runs.join("");
}
