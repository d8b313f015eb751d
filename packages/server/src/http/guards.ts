import type { AuthRecord } from "../auth/tokens.ts";
import type { AuthCollection, Collection } from "../collections/model/collection.ts";
import type { Registry } from "../collections/model/registry.ts";
import { forbidden, notFound, unauthorized } from "../lib/api-error.ts";
import { isSuperuser, principalKey } from "../rules/principal.ts";
import type { ApiRequest } from "./request.ts";
import type { RouteHandler, RouteResult } from "./route.ts";

/** A route handler for signed-in requesters only, which gets the requester's auth record. */
type OwnerHandler<Context> = (
  request: ApiRequest,
  context: Context,
  owner: AuthRecord,
) => RouteResult | Promise<RouteResult>;

/** Refuses guests. */
export const signedIn =
  <Context>(handler: OwnerHandler<Context>): RouteHandler<Context> =>
  (request, context) => {
    const { principal } = request;
    if (principal.kind === "guest") throw unauthorized(NO_TOKEN);
    pinPrincipal(request);
    return handler(request, context, principal);
  };

/** Refuses everyone but superusers. */
export const superusersOnly = <Context>(handler: RouteHandler<Context>): RouteHandler<Context> =>
  signedIn((request, context) => {
    if (!isSuperuser(request.principal)) {
      throw forbidden("The authorized record is not allowed to perform this action.");
    }
    return handler(request, context);
  });

/** Refuses everyone but auth records of the collection in the path. */
export const ownCollectionOnly =
  <Context extends CollectionLookup>(handler: OwnerHandler<Context>): RouteHandler<Context> =>
  (request, context) => {
    const { id } = collectionOf(request, context, NO_COLLECTION);
    const { principal } = request;
    if (principal.kind === "guest") throw unauthorized(NO_TOKEN);
    if (principal.collection.id !== id) {
      throw forbidden(`The request requires auth record from ${principal.collection.name} collection.`);
    }
    pinPrincipal(request);
    return handler(request, context, principal);
  };

/** Fails the request if its principal turns into another one, such as a guest, while the body arrives. */
function pinPrincipal(request: ApiRequest): void {
  const { onBodyReceived, principal } = request;
  request.onBodyReceived = async () => {
    await onBodyReceived();
    if (principalKey(request.principal) !== principalKey(principal)) throw unauthorized(NO_TOKEN);
  };
}

interface CollectionLookup {
  readonly registry: Registry;
}

export const NO_COLLECTION = "Missing or invalid collection context.";
export const NO_AUTH_COLLECTION = "Missing or invalid auth collection context.";
const NO_TOKEN = "The request requires valid record authorization token.";

/** @throws ApiError 404 if the path names no collection */
export function collectionOf({ params }: ApiRequest, { registry }: CollectionLookup, missing = ""): Collection {
  const collection = registry.current.find(params["collection"] ?? "");
  if (!collection) throw notFound(missing);
  return collection;
}

/** @throws ApiError 404 if the path names no auth collection */
export function authCollectionOf(
  request: ApiRequest,
  context: CollectionLookup,
  missing = NO_COLLECTION,
): AuthCollection {
  const collection = collectionOf(request, context, missing);
  if (collection.type !== "auth") throw notFound(NO_AUTH_COLLECTION);
  return collection;
}
