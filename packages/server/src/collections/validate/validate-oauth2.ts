import type { ErrorData, ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { problems, required } from "../../lib/validators.ts";
import { isUrl } from "../../lib/text/formats.ts";
import type { AuthOptions, OAuth2Provider } from "../model/auth-options.ts";
import { OAUTH2_PROVIDERS } from "../model/oauth2-providers.ts";

/** Checks the providers, if OAuth2 is enabled. */
export function oauth2Problems({ enabled, providers }: AuthOptions["oauth2"]): ErrorData | undefined {
  if (!enabled) return undefined;
  const found = duplicateProblem(providers) ?? problems(Object.fromEntries(providers.map(providerProblems).entries()));
  return found && { providers: found };
}

function duplicateProblem(providers: readonly OAuth2Provider[]): ErrorData | undefined {
  for (const [position, { name }] of providers.entries()) {
    if (name === "" || providers.findIndex((other) => other.name === name) === position) continue;
    const message = `The provider ${name} is already registered.`;
    return { [position]: { name: invalid("validation_duplicated_provider", message, { name }) } };
  }
  return undefined;
}

const providerProblems = (provider: OAuth2Provider): ErrorData | undefined =>
  problems({
    name: required(provider.name) ?? unknownProblem(provider.name),
    clientId: required(provider.clientId),
    clientSecret: required(provider.clientSecret),
    authURL: urlProblem(provider.authURL),
    tokenURL: urlProblem(provider.tokenURL),
    userInfoURL: urlProblem(provider.userInfoURL),
  });

const unknownProblem = (name: string): ValidationError | undefined =>
  OAUTH2_PROVIDERS.has(name)
    ? undefined
    : invalid("validation_missing_provider", `Invalid or missing provider with name ${name}.`, { name });

const urlProblem = (url: string): ValidationError | undefined =>
  url === "" || isUrl(url) ? undefined : invalid("validation_is_url", "Must be a valid URL.");
