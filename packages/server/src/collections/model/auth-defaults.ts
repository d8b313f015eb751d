import { randomText } from "../../lib/random.ts";
import type { AuthOptions, EmailTemplate, OAuth2Provider, TokenOptions } from "./auth-options.ts";
import { DEFAULT_TEMPLATES } from "./email-templates.ts";

const NO_TEMPLATE: EmailTemplate = { subject: "", body: "" };
const NO_TOKEN: TokenOptions = { secret: "", duration: 0 };

export const BLANK_PROVIDER: OAuth2Provider = {
  pkce: null,
  name: "",
  clientId: "",
  clientSecret: "",
  authURL: "",
  tokenURL: "",
  userInfoURL: "",
  displayName: "",
  extra: {},
};

/** The zero values, for keys that a stored object lacks and for a submitted `null`. */
export const BLANK_AUTH: AuthOptions = {
  authRule: null,
  manageRule: null,
  authAlert: { enabled: false, emailTemplate: NO_TEMPLATE },
  oauth2: { providers: [], mappedFields: { id: "", name: "", username: "", avatarURL: "" }, enabled: false },
  passwordAuth: { enabled: false, identityFields: [] },
  mfa: { enabled: false, duration: 0, rule: "" },
  otp: { enabled: false, duration: 0, length: 0, emailTemplate: NO_TEMPLATE },
  authToken: NO_TOKEN,
  passwordResetToken: NO_TOKEN,
  emailChangeToken: NO_TOKEN,
  verificationToken: NO_TOKEN,
  fileToken: NO_TOKEN,
  verificationTemplate: NO_TEMPLATE,
  resetPasswordTemplate: NO_TEMPLATE,
  confirmEmailChangeTemplate: NO_TEMPLATE,
};

export const newSecret = (): string => randomText(50);

const token = (duration: number): TokenOptions => ({ secret: newSecret(), duration });

/** The options of a new auth collection, as in PocketBase, with new secrets. */
export const defaultAuthOptions = (): AuthOptions => ({
  ...BLANK_AUTH,
  authRule: "",
  authAlert: { enabled: true, emailTemplate: DEFAULT_TEMPLATES.authAlert },
  passwordAuth: { enabled: true, identityFields: ["email"] },
  mfa: { enabled: false, duration: 600, rule: "" },
  otp: { enabled: false, duration: 180, length: 8, emailTemplate: DEFAULT_TEMPLATES.otp },
  authToken: token(432_000),
  passwordResetToken: token(1800),
  emailChangeToken: token(1800),
  verificationToken: token(86_400),
  fileToken: token(180),
  verificationTemplate: DEFAULT_TEMPLATES.verification,
  resetPasswordTemplate: DEFAULT_TEMPLATES.resetPassword,
  confirmEmailChangeTemplate: DEFAULT_TEMPLATES.confirmEmailChange,
});
