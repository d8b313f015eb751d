import type { AuthRecord } from "../auth/tokens.ts";
import type { AuthCollection, Collection } from "../collections/model/collection.ts";
import { forbidden, notFound, unauthorized } from "../lib/api-error.ts";
import { isSuperuser, principalKey } from "../rules/principal.ts";
import type { ApiContext } from "./api-context.ts";
import type { ApiRequest } from "./request.ts";
import type { Answer, Endpoint } from "./route.ts";

/** An endpoint that needs to know who asks: it is given them. */
type OwnEndpoint = (request: ApiRequest, deps: ApiContext, owner: AuthRecord) => Answer | Promise<Answer>;

/** Lets only the signed-in in. */
export const signedIn =
  (endpoint: OwnEndpoint): Endpoint =>
  (request, deps) => {
    const { principal } = request;
    if (principal.kind === "guest") throw unauthorized(NO_TOKEN);
    holdToPrincipal(request);
    return endpoint(request, deps, principal);
  };

/** Lets only superusers in. */
export const superusersOnly = (endpoint: Endpoint): Endpoint =>
  signedIn((request, deps) => {
    if (!isSuperuser(request.principal)) {
      throw forbidden("The authorized record is not allowed to perform this action.");
    }
    return endpoint(request, deps);
  });

/** Lets only auth records of the path's collection in. */
export const ownCollectionOnly =
  (endpoint: OwnEndpoint): Endpoint =>
  (request, deps) => {
    const { id } = collectionOf(request, deps, NO_COLLECTION);
    const { principal } = request;
    if (principal.kind === "guest") throw unauthorized(NO_TOKEN);
    if (principal.collection.id !== id) {
      throw forbidden(`The request requires auth record from ${principal.collection.name} collection.`);
    }
    holdToPrincipal(request);
    return endpoint(request, deps, principal);
  };

/** What a principal was let in for is not done for another, whom it may have become while the body was on its way. */
function holdToPrincipal(request: ApiRequest): void {
  const { onBody, principal } = request;
  request.onBody = async () => {
    await onBody();
    if (principalKey(request.principal) !== principalKey(principal)) throw unauthorized(NO_TOKEN);
  };
}

export const NO_COLLECTION = "Missing or invalid collection context.";
export const NO_AUTH_COLLECTION = "Missing or invalid auth collection context.";
const NO_TOKEN = "The request requires valid record authorization token.";

/** @throws ApiError 404 when the path names no collection */
export function collectionOf({ params }: ApiRequest, { registry }: ApiContext, missing = ""): Collection {
  const collection = registry.current.find(params["collection"] ?? "");
  if (!collection) throw notFound(missing);
  return collection;
}

/** @throws ApiError 404 when the path names no auth collection */
export function authCollectionOf(request: ApiRequest, deps: ApiContext, missing = NO_COLLECTION): AuthCollection {
  const collection = collectionOf(request, deps, missing);
  if (collection.type !== "auth") throw notFound(NO_AUTH_COLLECTION);
  return collection;
}
