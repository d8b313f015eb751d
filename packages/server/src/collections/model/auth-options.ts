import type { Rule } from "./rule.ts";

export interface TokenOptions {
  readonly secret: string;
  /** Seconds. */
  readonly duration: number;
}

export interface EmailTemplate {
  readonly subject: string;
  readonly body: string;
}

export interface OAuth2Provider {
  readonly pkce: boolean | null;
  readonly name: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly authURL: string;
  readonly tokenURL: string;
  readonly userInfoURL: string;
  readonly displayName: string;
  readonly extra: Readonly<Record<string, unknown>>;
}

/** The additional options of an auth collection. PocketBase stores them in the `options` column. */
export interface AuthOptions {
  readonly authRule: Rule;
  readonly manageRule: Rule;
  readonly authAlert: { readonly enabled: boolean; readonly emailTemplate: EmailTemplate };
  readonly oauth2: {
    readonly providers: readonly OAuth2Provider[];
    readonly mappedFields: {
      readonly id: string;
      readonly name: string;
      readonly username: string;
      readonly avatarURL: string;
    };
    readonly enabled: boolean;
  };
  readonly passwordAuth: { readonly enabled: boolean; readonly identityFields: readonly string[] };
  readonly mfa: { readonly enabled: boolean; readonly duration: number; readonly rule: string };
  readonly otp: {
    readonly enabled: boolean;
    readonly duration: number;
    readonly length: number;
    readonly emailTemplate: EmailTemplate;
  };
  readonly authToken: TokenOptions;
  readonly passwordResetToken: TokenOptions;
  readonly emailChangeToken: TokenOptions;
  readonly verificationToken: TokenOptions;
  readonly fileToken: TokenOptions;
  readonly verificationTemplate: EmailTemplate;
  readonly resetPasswordTemplate: EmailTemplate;
  readonly confirmEmailChangeTemplate: EmailTemplate;
}
