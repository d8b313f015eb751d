import type { EmailTemplate } from "./auth-options.ts";

const template = (subject: string, ...lines: readonly string[]): EmailTemplate => ({
  subject,
  body: ["<p>Hello,</p>", ...lines, ...SIGNATURE].join("\n"),
});

const SIGNATURE = ["<p>", "  Thanks,<br/>", "  {APP_NAME} team", "</p>"];

const button = (path: string, label: string): readonly string[] => [
  "<p>",
  `  <a class="btn" href="{APP_URL}/_/#/auth/${path}/{TOKEN}" target="_blank" rel="noopener">${label}</a>`,
  "</p>",
];

/** Exactly PocketBase's texts: PocketBase recognises its old ones to replace them. */
export const DEFAULT_TEMPLATES = {
  verification: template(
    "Verify your {APP_NAME} email",
    "<p>Thank you for joining us at {APP_NAME}.</p>",
    "<p>Click on the button below to verify your email address.</p>",
    ...button("confirm-verification", "Verify"),
    "<p><i>If you didn't recently register, please ignore this email.</i></p>",
  ),
  resetPassword: template(
    "Reset your {APP_NAME} password",
    "<p>Click on the button below to reset your password.</p>",
    ...button("confirm-password-reset", "Reset password"),
    "<p><i>If you didn't ask to reset your password, please ignore this email.</i></p>",
  ),
  confirmEmailChange: template(
    "Confirm your {APP_NAME} new email address",
    "<p>Click on the button below to confirm your new email address.</p>",
    ...button("confirm-email-change", "Confirm new email"),
    "<p><i>If you didn't ask to change your email address, please ignore this email.</i></p>",
  ),
  otp: template(
    "OTP for {APP_NAME}",
    "<p>Your one-time password is: <strong>{OTP}</strong></p>",
    "<p><i>If you didn't ask for the one-time password, you can ignore this email.</i></p>",
  ),
  authAlert: template(
    "Login from a new location",
    "<p>We noticed a login to your {APP_NAME} account from a new location:</p>",
    "<p><em>{ALERT_INFO}</em></p>",
    "<p><strong>If this wasn't you, you should immediately change your {APP_NAME} account password to revoke access from all other locations.</strong></p>",
    "<p>If this was you, you may disregard this email.</p>",
  ),
} as const;
