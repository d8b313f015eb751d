import { z } from "zod";
import { ApiError, badRequest, invalid } from "../lib/api-error.ts";
import { type JsonLimits, JsonLimitError } from "../lib/json/json-scanner.ts";
import { findMembers, findSpans, type Span } from "../lib/json/json-spans.ts";
import { parseStrictBytes } from "../lib/json/strict-json.ts";

/** Replicache's ids have 18 characters, in older versions they are UUIDs. */
const id = z.string().min(1).max(200);

const MUTATION = z.object({
  clientID: id,
  /** 1 for a client's first mutation, then consecutive. */
  id: z.number().int().min(1),
  name: z.string().max(200),
  args: z.unknown(),
});

/** A call of a mutator that a client has already run on its own copy of the data. */
export interface Mutation extends z.output<typeof MUTATION> {
  /** Why its arguments can't be read, for which it is rejected. */
  readonly refusal?: ApiError;
}

/** A push whose mutations are read one by one, when it is their turn. */
export interface Push {
  readonly group: string;
  readonly mutations: readonly UnreadMutation[];
}

export interface UnreadMutation {
  /** Bytes. */
  readonly size: number;
  /** @throws ApiError 400 if it is malformed */
  read(): Promise<Mutation>;
}

/** What one mutation may hold. */
export interface MutationLimits {
  readonly json: JsonLimits;
  /** 0 is no limit. */
  readonly bytes: number;
}

const PUSH = z.object({ pushVersion: z.literal(1), clientGroupID: id });

/** The fields of a pull that the server reads. */
export const PULL = z.object({ pullVersion: z.literal(1), clientGroupID: id, cookie: z.unknown() });

const isOther = (version: unknown): boolean => version !== 1 && version !== undefined;

/** Pulls of other versions of the protocol, which get a different error than malformed ones. */
export const OTHER_PULL = z.object({ pullVersion: z.unknown().refine(isOther) });

/**
 * Finds the parts of a push in its bytes. A push may hold an hour of work: only the mutations that are about to be done
 * are ever built.
 *
 * @param max mutations that are looked for
 * @returns `undefined` for a push of another version of the protocol
 * @throws ApiError 400 if it is malformed
 */
export async function readPush(bytes: Uint8Array, max: number, limits: MutationLimits): Promise<Push | undefined> {
  try {
    const members = await findMembers(bytes, { from: 0, to: bytes.length });
    const version = valueOf(bytes, members.get("pushVersion"));
    if (isOther(version)) return undefined;
    const { clientGroupID: group } = PUSH.parse({
      pushVersion: version,
      clientGroupID: valueOf(bytes, members.get("clientGroupID")),
    });
    const list = members.get("mutations");
    if (!list || !startsList(bytes, list)) throw new SyntaxError("no list of mutations");
    const spans = await findSpans(bytes, list, max);
    const mutations = spans.map(({ from, to }) => ({
      size: to - from,
      read: () => readMutation(bytes.subarray(from, to), limits),
    }));
    return { group, mutations };
  } catch (error) {
    throw badRequest("", {}, error);
  }
}

const startsList = (bytes: Uint8Array, { from, to }: Span): boolean =>
  bytes.subarray(from, to).find((byte) => byte > 0x20) === 0x5b;

/** Bytes of a number or an id, with room for escapes. */
const MAX_PLAIN = 10_000;

/** @throws SyntaxError or RangeError if it can't be read */
function valueOf(bytes: Uint8Array, span: Span | undefined): unknown {
  if (!span) return undefined;
  if (span.to - span.from > MAX_PLAIN) throw new RangeError("too long");
  return parseStrictBytes(bytes.subarray(span.from, span.to));
}

async function readMutation(bytes: Uint8Array, limits: MutationLimits): Promise<Mutation> {
  try {
    const value = readWhole(bytes, limits);
    return value instanceof ApiError ? { ...(await readWithoutArgs(bytes)), refusal: value } : MUTATION.parse(value);
  } catch (error) {
    throw badRequest("", {}, error);
  }
}

/** @returns why it is refused for good, if it is */
function readWhole(bytes: Uint8Array, { json, bytes: max }: MutationLimits): unknown {
  if (max > 0 && bytes.length > max) {
    return tooLarge("limit_mutation_bytes", `The mutation has more than ${max} bytes (--max-mutation-mb).`);
  }
  try {
    return parseStrictBytes(bytes, json);
  } catch (error) {
    if (!(error instanceof JsonLimitError) || error.limit === "depth") return badRequest("", {}, error);
    const { limit } = error;
    return tooLarge(`limit_body_${limit}`, `The mutation has more than ${json[limit]} ${limit} (--max-body-${limit}).`);
  }
}

const tooLarge = (code: string, message: string): ApiError => new ApiError(413, "", { args: invalid(code, message) });

async function readWithoutArgs(bytes: Uint8Array): Promise<Mutation> {
  const members = await findMembers(bytes, { from: 0, to: bytes.length });
  const [clientID, mutationId, name] = ["clientID", "id", "name"].map((key) => valueOf(bytes, members.get(key)));
  return MUTATION.parse({ clientID, id: mutationId, name, args: undefined });
}
