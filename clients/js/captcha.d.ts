export interface Challenge { algorithm: "SHA-256"; salt: string; hash: string; max: number }
/** Solves the challenge of a captcha of kind "pow"; gives the answer. */
export function solve(challenge: Challenge, signal?: AbortSignal): Promise<string>;
export function sha256(bytes: Uint8Array): Uint32Array;
