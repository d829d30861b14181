export function plainDigits(text: string): string;
export function tidyPhone(text: string): string;
export function tidyCode(text: string, n: number): string;
