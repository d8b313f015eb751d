import type { Operand } from "./condition.ts";
import { findCollection, type RecordScope } from "./record-scope.ts";
import type { ResolveName } from "./resolve-expression.ts";
import { resolvePath } from "./resolve-path.ts";
import { requestOperand, resolveBody } from "./resolve-request.ts";
import { RuleError } from "../syntax/rule-error.ts";

const PLAIN = String.raw`\w[\w.:]*`;
const REQUEST = String.raw`@request\.(?:context|method|(?:auth|body|query|headers)\.[\w.:]*\w)`;
const COLLECTION = String.raw`@collection\.\w+(?::\w+)?\.[\w.:]*\w`;
const NAME = new RegExp(`^(?:${PLAIN}|${REQUEST}|${COLLECTION})$`);

/** Read from the auth record loaded for the request. Its other fields are read from the database. */
const LOADED_AUTH_FIELDS: ReadonlySet<string> = new Set([
  "id",
  "collectionId",
  "collectionName",
  "email",
  "emailVisibility",
  "verified",
]);

/** Resolves the names in a collection's rules and filters. */
export function nameResolver(scope: RecordScope): ResolveName {
  return (name, position) => {
    if (!NAME.test(name)) throw new RuleError(`failed to resolve field "${name}"`, position);
    const [root, ...path] = name.split(".");
    if (root === "@request") return resolveRequest(scope, path, position);
    if (root === "@collection") return resolveCollection(scope, name, path, position);
    return resolvePath({ scope, position, lenient: false }, scope.collection, [], [root!, ...path]);
  };
}

function resolveRequest(scope: RecordScope, request: readonly string[], position: number): Operand {
  const [part, ...path] = request;
  if (part === "auth") return resolveAuth(scope, path, position);
  if (part === "body") return resolveBody(scope, path, position);
  return requestOperand(scope, request, position);
}

function resolveAuth(scope: RecordScope, path: readonly string[], position: number): Operand {
  const { auth } = scope;
  if (!auth) return { kind: "constant", value: null };
  if (path.length === 1 && LOADED_AUTH_FIELDS.has(path[0]!)) return requestOperand(scope, ["auth", ...path], position);
  // One rule may serve several auth collections, so a field that this one lacks is NULL.
  const step = { kind: "auth", collection: auth, many: false, key: "@auth" } as const;
  return resolvePath({ scope, position, lenient: true }, auth, [step], path);
}

function resolveCollection(
  scope: RecordScope,
  whole: string,
  [target = "", ...path]: string[],
  position: number,
): Operand {
  const [name = "", alias = ""] = target.split(":");
  const collection = findCollection(scope, name);
  if (!collection) {
    throw new RuleError(`failed to load collection "${name}" from field path "${whole}"`, position);
  }
  const key = `@collection.${collection.id}:${alias}`;
  const step = { kind: "collection", collection, many: true, key } as const;
  return resolvePath({ scope, position, lenient: false }, collection, [step], path);
}
