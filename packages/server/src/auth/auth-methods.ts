import type { AuthCollection } from "../collections/model/collection.ts";

/** The ways to sign in to a collection, with PocketBase's keys in its order. */
export interface AuthMethods {
  readonly password: { readonly identityFields: readonly string[]; readonly enabled: boolean };
  readonly oauth2: { readonly providers: readonly never[]; readonly enabled: boolean };
  /** Durations in seconds; 0 if disabled. */
  readonly mfa: { readonly enabled: boolean; readonly duration: number };
  readonly otp: { readonly enabled: boolean; readonly duration: number };
  /** The last three are for SDKs older than PocketBase 0.23. */
  readonly authProviders: readonly never[];
  readonly usernamePassword: boolean;
  readonly emailPassword: boolean;
}

/** The server supports no OAuth2 provider, so it lists none. PocketBase too leaves out those that it can't set up. */
export function authMethods({ auth: { passwordAuth, oauth2, mfa, otp } }: AuthCollection): AuthMethods {
  const identityFields = passwordAuth.enabled ? passwordAuth.identityFields : [];
  return {
    password: { identityFields, enabled: passwordAuth.enabled },
    oauth2: { providers: [], enabled: oauth2.enabled },
    mfa: { enabled: mfa.enabled, duration: mfa.enabled ? mfa.duration : 0 },
    otp: { enabled: otp.enabled, duration: otp.enabled ? otp.duration : 0 },
    authProviders: [],
    usernamePassword: identityFields.includes("username"),
    emailPassword: identityFields.includes("email"),
  };
}
