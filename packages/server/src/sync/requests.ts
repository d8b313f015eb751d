import { z } from "zod";

/** Ids are 18 characters now and were UUIDs; what else there may be is short. */
const id = z.string().min(1).max(200);

const MUTATION = z.object({
  clientID: id,
  /** Consecutive for each client, from 1 on. */
  id: z.number().int().min(1),
  name: z.string().max(200),
  args: z.unknown(),
});

/** A mutation as a client has made it, on what it knew. */
export type Mutation = z.output<typeof MUTATION>;

/** The fields of a push that count here. */
export const PUSH = z.object({ pushVersion: z.literal(1), clientGroupID: id, mutations: z.array(MUTATION) });

/** The fields of a pull that count here. */
export const PULL = z.object({ pullVersion: z.literal(1), clientGroupID: id, cookie: z.unknown() });

/** Requests of protocols that are not spoken here, which must be told apart from broken ones. */
export const OTHER_VERSION = z.union([
  z.object({ pushVersion: z.unknown().refine((version) => version !== 1 && version !== undefined) }),
  z.object({ pullVersion: z.unknown().refine((version) => version !== 1 && version !== undefined) }),
]);
