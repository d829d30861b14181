/** The codes of errors; "NETWORK" is this client's own. */
export type Code =
  | "API_PARAMS_ERROR" | "LOGIN_REQUIRED" | "FORBIDDEN" | "ELEMENT_NOT_FOUND" | "FUNCTION_NOT_FOUND"
  | "ELEMENT_UNAVAILABLE" | "STORE_UNAVAILABLE" | "DEADLINE_EXCEEDED" | "INTERNAL"
  | "SEND_TOO_FREQUENT" | "SEND_LIMITED" | "CAPTCHA_REQUIRED" | "CAPTCHA_ERROR"
  | "PHONE_INVALID" | "PHONE_REGION_NOT_ALLOWED" | "CODE_REJECTED" | "CODE_LOCKED" | "CODE_BUSY"
  | "USER_NOT_REGISTERED" | "REGISTRATION_CLOSED" | "PHONE_IN_USE" | "TICKET_REJECTED"
  | "LAST_LOGIN" | "PHONE_ALREADY_BOUND" | "PHONE_NOT_BOUND"
  | "SMS_PARAMS" | "SMS_REFUSED" | "SMS_FAILED" | "NETWORK";

export class LintelError extends Error {
  readonly name: "LintelError";
  readonly code: Code | (string & {});
  /** Of HTTP; 0 when nothing came back. */
  readonly status: number;
  readonly data: Record<string, unknown>;
  readonly requestId: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

export interface Options {
  /** Such as "example.shop"; asked of the app when left out. */
  appId?: string;
  token?: string;
  device?: string;
  credentials?: RequestCredentials;
  fetch?: typeof fetch;
}

export interface CallOptions {
  /** Idempotency-Key: 16 to 64 of A-Z, a-z, 0-9, _ and -. */
  key?: string;
  signal?: AbortSignal;
}

/** An element: any function by its name. */
export type Element<Functions = Record<string, (...args: any[]) => Promise<any>>> = Functions & { readonly fullName: string };

export interface App {
  token: string;
  device: string;
  call<T = unknown>(fullName: string, name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<T>;
  getElement<Functions = Record<string, (...args: any[]) => Promise<any>>>(fullName: string): Element<Functions>;
  describe(): Promise<any>;
}

export function connect(url?: string, options?: Options): App;
export function newKey(): string;

export interface Captcha { token: string; answer: string }
export interface Sent { code: 200; message: "success"; resendAfter: number; expiresIn: number }
export interface Corp { corpId: string; corpName: string }
export interface LoggedIn { loginCode: string; corpList: Corp[]; userId: string }
export interface Registered extends LoggedIn { nick: string; phone: string }

/** getElement<PhoneLogin>("auths.loginTypes.myPhoneLogin") */
export interface PhoneLogin {
  sendMessage(phone: string, purpose?: string, captcha?: Captcha): Promise<Sent>;
  sendMessage(args: { phone?: string; purpose?: string; captcha?: Captcha }): Promise<Sent>;
  getLoginCode(phone: string, code: string): Promise<LoggedIn>;
  register(phone: string, code: string, nick: string): Promise<Registered>;
  bind(userId: string, phone: string, code: string): Promise<1>;
  unbind(userId: string, code: string): Promise<1>;
  checkMyMessage(code: string): Promise<{ ticket: string }>;
  updatePhone(userId: string, ticket: string, newPhone: string, newCode: string): Promise<1>;
  getLoginConfig(): Promise<{
    title: string; logo: string; regions: string[]; defaultRegion: string; callingCodes: Record<string, number>;
    codeLength: number; codeTTL: number; resendInterval: number; allowRegister: boolean; captcha: string; captchaKind?: string;
  }>;
  /** kind: pow, image or audio (audio-en, audio-zh); see solve in captcha.js. */
  generateCaptcha(kind?: string, id?: string): Promise<{
    token: string; kind: string; img?: string; audio?: string;
    challenge?: { algorithm: "SHA-256"; salt: string; hash: string; max: number };
  }>;
}

/** getElement<AuthSvc>("auths.loginTypes.services.AuthSvc") */
export interface AuthSvc {
  loginByCode(loginCode: string, corp: string | undefined, platform: "web" | "mobile" | "api"): Promise<{
    success: true; tokenType: "Bearer"; expiresIn: number; userId: string; corpId: string;
    accessToken?: string; refreshToken?: string; deviceToken?: string;
  }>;
  refresh(refreshToken?: string): Promise<{ success: true; expiresIn: number; accessToken?: string; refreshToken?: string }>;
  logout(): Promise<{ success: true }>;
  currentUser(): Promise<{ userId: string; nick: string; phone: string; corpId: string; corpList: Corp[] }>;
  sessions(): Promise<{ sessionId: string; current: boolean; lastSeenAt: string }[]>;
  endSession(sessionId: string): Promise<{ success: true }>;
}
