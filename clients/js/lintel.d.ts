/** The error codes of docs/errors.md; "NETWORK" is the client's own. */
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
  /** The HTTP status; 0 without an answer. */
  readonly status: number;
  readonly data: Record<string, unknown>;
  readonly requestId: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

export interface Options {
  /** Such as "example.shop"; without it the app's description is fetched. */
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

export interface LoginConfig {
  title: string; logo: string; colors: { accent?: string; accentDark?: string };
  regions: string[]; defaultRegion: string; callingCodes: Record<string, number>;
  codeLength: number; codeTTL: number; resendInterval: number; allowRegister: boolean;
  captcha: "off" | "risk" | "always"; captchaKind: "pow" | "image";
}
export interface Puzzle {
  token: string; kind: "pow" | "image" | "audio"; img?: string; audio?: string;
  challenge?: { algorithm: "SHA-256"; salt: string; hash: string; max: number };
}

/** A function: by positional arguments, or by one object of named ones. */
export interface Call<Positional extends unknown[], Named, Answer> {
  (...args: Positional): Promise<Answer>;
  (args: Named): Promise<Answer>;
}

/** getElement<PhoneLogin>("auths.loginTypes.myPhoneLogin") */
export interface PhoneLogin {
  sendMessage: Call<[phone: string, purpose?: string, captcha?: Captcha], { phone?: string; purpose?: string; captcha?: Captcha }, Sent>;
  getLoginCode: Call<[phone: string, code: string], { phone: string; code: string }, LoggedIn>;
  register: Call<[phone: string, code: string, nick: string], { phone: string; code: string; nick: string }, Registered>;
  bind: Call<[userId: string, phone: string, code: string], { userId: string; phone: string; code: string }, 1>;
  unbind: Call<[userId: string, code: string], { userId: string; code: string }, 1>;
  checkMyMessage: Call<[code: string], { code: string }, { ticket: string }>;
  updatePhone: Call<[userId: string, ticket: string, newPhone: string, newCode: string], { userId: string; ticket: string; newPhone: string; newCode: string }, 1>;
  getLoginConfig(): Promise<LoginConfig>;
  /** kind: pow, image or audio (audio-en, audio-zh); see solve in captcha.js. */
  generateCaptcha: Call<[kind?: string, id?: string], { kind?: string; id?: string }, Puzzle>;
}

export interface Session {
  success: true; tokenType: "Bearer"; expiresIn: number; userId: string; corpId: string;
  /** The tokens are in cookies where the platform is web. */
  accessToken?: string; refreshToken?: string; deviceToken?: string;
}
export interface Device {
  sessionId: string; corpId: string; platform: Platform; current: boolean;
  /** Times in RFC 3339. */
  createdAt: string; lastSeenAt: string; expiresAt: string;
}
export type Platform = "web" | "mobile" | "api";

/** getElement<AuthSvc>("auths.loginTypes.services.AuthSvc") */
export interface AuthSvc {
  loginByCode: Call<[loginCode: string, corp: string | undefined, platform: Platform], { loginCode: string; corp?: string; platform: Platform }, Session>;
  refresh: Call<[refreshToken?: string], { refreshToken?: string }, Session>;
  logout: Call<[refreshToken?: string], { refreshToken?: string }, { success: true }>;
  currentUser(): Promise<{ userId: string; nick: string; phone: string; corpId: string; corpList: Corp[]; sessionId?: string; platform?: Platform }>;
  sessions(): Promise<Device[]>;
  endSession: Call<[sessionId: string], { sessionId: string }, { success: true }>;
}
