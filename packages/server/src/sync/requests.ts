import { z } from "zod";

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
export type Mutation = z.output<typeof MUTATION>;

/** The fields of a push that the server reads. */
export const PUSH = z.object({ pushVersion: z.literal(1), clientGroupID: id, mutations: z.array(MUTATION) });

/** The fields of a pull that the server reads. */
export const PULL = z.object({ pullVersion: z.literal(1), clientGroupID: id, cookie: z.unknown() });

/** Requests of other versions of the protocol, which get a different error than malformed requests. */
export const OTHER_VERSION = z.union([
  z.object({ pushVersion: z.unknown().refine((version) => version !== 1 && version !== undefined) }),
  z.object({ pullVersion: z.unknown().refine((version) => version !== 1 && version !== undefined) }),
]);
