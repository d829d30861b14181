export function tidyCode(text: string, n: number): string;
