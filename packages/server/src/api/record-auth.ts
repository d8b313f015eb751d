import { z } from "zod";
import { authMethods } from "../auth/auth-methods.ts";
import { originFingerprint } from "../auth/auth-origins.ts";
import { signIn, refreshSignIn } from "../auth/sign-in.ts";
import { findAuthRecord } from "../auth/find-auth-record.ts";
import { findByPassword, type PasswordForm } from "../auth/find-by-password.ts";
import { readClaims } from "../auth/token-claims.ts";
import type { AuthRecord } from "../auth/tokens.ts";
import type { AuthCollection } from "../collections/model/collection.ts";
import { badRequest, forbidden, notFound } from "../lib/api-error.ts";
import { toBool } from "../lib/text/coerce.ts";
import { atLeast, byteLength, oneOf, problems, required } from "../lib/validators.ts";
import type { ApiContext } from "./api-context.ts";
import { type ApiRequest, UNREADABLE } from "../http/request.ts";
import { formInteger, formText } from "../http/body/form-values.ts";
import { logFailedAuth } from "../http/failed-auth.ts";
import { authCollectionOf, NO_AUTH_COLLECTION } from "../http/guards.ts";
import { assertMayActFrom } from "../http/superuser-address.ts";
import { principalOf } from "../rules/principal.ts";
import { recordContext } from "./record-context.ts";
import { json, jsonAs } from "../http/responses.ts";

const INVALID = "An error occurred while validating the submitted data.";

export const methods = (request: ApiRequest, api: ApiContext): Response =>
  json(request, authMethods(authCollectionOf(request, api)));

const PASSWORD_FORM = z.object({ identity: formText, password: formText, identityField: formText });
const MFA_FORM = z.object({ mfaId: formText });

export async function withPassword(request: ApiRequest, api: ApiContext): Promise<Response> {
  const { store, tokens } = api;
  const collection = authCollectionOf(request, api);
  if (!collection.auth.passwordAuth.enabled) {
    throw forbidden("The collection is not configured to allow password authentication.");
  }
  const form = await request.parseBody(PASSWORD_FORM, UNREADABLE);
  checkPasswordForm(collection, form);
  const values = await findByPassword(store, collection, form);
  if (!values) {
    logFailedAuth(api.logger, request, `no such account of "${collection.name}", or another password`);
    throw badRequest("Failed to authenticate.");
  }

  assertMayActFrom(request.ip, principalOf(collection, values), api);
  const record = { collection, values };
  const outcome = await signIn(store, {
    record,
    context: recordContext(request, api, { context: "password", body: await request.values(UNREADABLE) }),
    method: "password",
    mfaId: request.query["mfaId"] || (await request.parseBody(MFA_FORM, "Failed to read MFA Id")).mfaId,
    fingerprint: originFingerprint(request.ip, request.raw.headers.get("user-agent") ?? ""),
  });
  if ("mfaId" in outcome) return jsonAs(401, outcome);
  return json(request, { record: outcome.record, token: await tokens.issue(authToken(record, request.now)) });
}

function checkPasswordForm({ auth }: AuthCollection, { identity, password, identityField }: PasswordForm): void {
  const errors = problems({
    identity: required(identity) ?? byteLength(identity, 1, 255),
    password: required(password) ?? byteLength(password, 1, 255),
    identityField: byteLength(identityField, 1, 255) ?? oneOf(identityField, auth.passwordAuth.identityFields),
  });
  if (errors) throw badRequest(INVALID, errors);
}

/** Exchanges a token for a new one; a token that is not refreshable is returned as it is. */
export async function refresh(request: ApiRequest, api: ApiContext, owner: AuthRecord): Promise<Response> {
  const context = recordContext(request, api, { body: await request.values() });
  const record = await refreshSignIn(api.store, context, owner);
  const refreshable = toBool(readClaims(request.token)?.refreshable);
  const token = refreshable ? await api.tokens.issue(authToken(owner, request.now)) : request.token;
  return json(request, { record, token });
}

const IMPERSONATION_FORM = z.object({ duration: formInteger });

/** A token for another account, valid for as long as the superuser chooses. It can't be refreshed. */
export async function impersonate(request: ApiRequest, api: ApiContext): Promise<Response> {
  const { store, tokens } = api;
  const collection = authCollectionOf(request, api, NO_AUTH_COLLECTION);
  const values = await findAuthRecord(store, collection, request.params["id"]!);
  if (!values) throw notFound();
  const { duration } = await request.parseBody(IMPERSONATION_FORM, UNREADABLE);
  const errors = problems({ duration: atLeast(duration, 0) });
  if (errors) throw badRequest(INVALID, errors);

  const owner = { collection, values };
  const record = await refreshSignIn(store, recordContext(request, api, { body: await request.values() }), owner);
  const token = await tokens.issue({
    ...owner,
    type: "auth",
    now: request.now,
    duration,
    claims: { refreshable: false },
  });
  return json(request, { record, token });
}

const authToken = ({ collection, values }: AuthRecord, now: Date) =>
  ({ collection, values, type: "auth", now, claims: { refreshable: true } }) as const;
