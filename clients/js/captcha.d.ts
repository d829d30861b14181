/** Solves the challenge of a captcha of kind "pow"; gives the answer. */
export function solve(challenge: string, signal?: AbortSignal): Promise<string>;
export function sha256(bytes: Uint8Array): Uint32Array;
