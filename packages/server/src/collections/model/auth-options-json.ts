import { sortObject } from "../../lib/json/json-value.ts";
import { BLANK_AUTH as BLANK, BLANK_PROVIDER } from "./auth-defaults.ts";
import type { AuthOptions, EmailTemplate, OAuth2Provider, TokenOptions } from "./auth-options.ts";
import {
  asObject,
  type JsonObject,
  readBool,
  readBoolOrNull,
  readInt,
  readList,
  readObject,
  readText,
  readTextOrNull,
  readTexts,
} from "../fields/decode-json.ts";

/**
 * Reads auth options on top of existing ones: nested objects merge, lists replace.
 *
 * @param raw the `options` column, or a submitted collection
 * @param before the values for missing keys
 * @throws ApiError 400 for a value of the wrong JSON type
 */
export const parseAuthOptions = (raw: JsonObject, before: AuthOptions): AuthOptions => ({
  authRule: readTextOrNull(raw, "authRule", before.authRule),
  manageRule: readTextOrNull(raw, "manageRule", before.manageRule),
  authAlert: readObject(raw, "authAlert", before.authAlert, BLANK.authAlert, parseAlert),
  oauth2: readObject(raw, "oauth2", before.oauth2, BLANK.oauth2, parseOAuth2),
  passwordAuth: readObject(raw, "passwordAuth", before.passwordAuth, BLANK.passwordAuth, parsePasswordAuth),
  mfa: readObject(raw, "mfa", before.mfa, BLANK.mfa, parseMfa),
  otp: readObject(raw, "otp", before.otp, BLANK.otp, parseOtp),
  authToken: readToken(raw, "authToken", before),
  passwordResetToken: readToken(raw, "passwordResetToken", before),
  emailChangeToken: readToken(raw, "emailChangeToken", before),
  verificationToken: readToken(raw, "verificationToken", before),
  fileToken: readToken(raw, "fileToken", before),
  verificationTemplate: readTemplate(raw, "verificationTemplate", before.verificationTemplate),
  resetPasswordTemplate: readTemplate(raw, "resetPasswordTemplate", before.resetPasswordTemplate),
  confirmEmailChangeTemplate: readTemplate(raw, "confirmEmailChangeTemplate", before.confirmEmailChangeTemplate),
});

type TokenName = "authToken" | "passwordResetToken" | "emailChangeToken" | "verificationToken" | "fileToken";

const readToken = (raw: JsonObject, key: TokenName, before: AuthOptions): TokenOptions =>
  readObject(raw, key, before[key], BLANK[key], (token, old) => ({
    secret: readText(token, "secret", old.secret),
    duration: readInt(token, "duration", old.duration),
  }));

const readTemplate = (raw: JsonObject, key: string, before: EmailTemplate): EmailTemplate =>
  readObject(raw, key, before, BLANK.verificationTemplate, (template, old) => ({
    subject: readText(template, "subject", old.subject),
    body: readText(template, "body", old.body),
  }));

const parseAlert = (raw: JsonObject, before: AuthOptions["authAlert"]): AuthOptions["authAlert"] => ({
  enabled: readBool(raw, "enabled", before.enabled),
  emailTemplate: readTemplate(raw, "emailTemplate", before.emailTemplate),
});

const parsePasswordAuth = (raw: JsonObject, before: AuthOptions["passwordAuth"]): AuthOptions["passwordAuth"] => ({
  enabled: readBool(raw, "enabled", before.enabled),
  identityFields: readTexts(raw, "identityFields", before.identityFields),
});

const parseMfa = (raw: JsonObject, before: AuthOptions["mfa"]): AuthOptions["mfa"] => ({
  enabled: readBool(raw, "enabled", before.enabled),
  duration: readInt(raw, "duration", before.duration),
  rule: readText(raw, "rule", before.rule),
});

const parseOtp = (raw: JsonObject, before: AuthOptions["otp"]): AuthOptions["otp"] => ({
  enabled: readBool(raw, "enabled", before.enabled),
  duration: readInt(raw, "duration", before.duration),
  length: readInt(raw, "length", before.length),
  emailTemplate: readTemplate(raw, "emailTemplate", before.emailTemplate),
});

type OAuth2 = AuthOptions["oauth2"];

const parseOAuth2 = (raw: JsonObject, before: OAuth2): OAuth2 => ({
  providers:
    raw.providers === undefined
      ? before.providers
      : readList(raw, "providers").map((item) => parseProvider(item, before.providers)),
  mappedFields: readObject(raw, "mappedFields", before.mappedFields, BLANK.oauth2.mappedFields, (fields, old) => ({
    id: readText(fields, "id", old.id),
    name: readText(fields, "name", old.name),
    username: readText(fields, "username", old.username),
    avatarURL: readText(fields, "avatarURL", old.avatarURL),
  })),
  enabled: readBool(raw, "enabled", before.enabled),
});

/**
 * A provider is read on top of the existing one with the same name. Clients never see the secret, so an empty one keeps
 * the old secret.
 */
function parseProvider(input: unknown, providers: readonly OAuth2Provider[]): OAuth2Provider {
  const raw = input === null ? {} : asObject(input);
  const name = readText(raw, "name");
  const before = providers.find((provider) => provider.name === name) ?? BLANK_PROVIDER;
  return {
    pkce: readBoolOrNull(raw, "pkce", before.pkce),
    name,
    clientId: readText(raw, "clientId", before.clientId),
    clientSecret: readText(raw, "clientSecret", before.clientSecret) || before.clientSecret,
    authURL: readText(raw, "authURL", before.authURL),
    tokenURL: readText(raw, "tokenURL", before.tokenURL),
    userInfoURL: readText(raw, "userInfoURL", before.userInfoURL),
    displayName: readText(raw, "displayName", before.displayName),
    extra: readObject<JsonObject>(raw, "extra", before.extra, {}, (extra, old) => sortObject({ ...old, ...extra })),
  };
}

/** The options as the `options` column stores them, with keys in PocketBase's order and without empty secrets. */
export const authOptionsToJson = (auth: AuthOptions): JsonObject => ({
  ...parseAuthOptions({}, auth),
  oauth2: { ...auth.oauth2, providers: auth.oauth2.providers.map(providerToJson) },
  ...Object.fromEntries(TOKENS.map((name) => [name, tokenToJson(auth[name])])),
});

const TOKENS: readonly TokenName[] = [
  "authToken",
  "passwordResetToken",
  "emailChangeToken",
  "verificationToken",
  "fileToken",
];

const tokenToJson = ({ secret, duration }: TokenOptions): JsonObject =>
  secret === "" ? { duration } : { secret, duration };

const providerToJson = ({ clientSecret, ...provider }: OAuth2Provider): JsonObject => {
  const { pkce, name, clientId, ...rest } = provider;
  return clientSecret === "" ? provider : { pkce, name, clientId, clientSecret, ...rest };
};

/** The options without their secrets. */
export function redactAuthOptions(auth: AuthOptions): AuthOptions {
  const providers = auth.oauth2.providers.map((provider) => ({ ...provider, clientSecret: "" }));
  const tokens = Object.fromEntries(TOKENS.map((name) => [name, { ...auth[name], secret: "" }]));
  return { ...auth, oauth2: { ...auth.oauth2, providers }, ...tokens };
}
