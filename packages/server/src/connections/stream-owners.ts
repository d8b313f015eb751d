import { toText } from "../lib/text/coerce.ts";
import { type Principal, principalKey } from "../rules/principal.ts";

interface OwnedStream {
  readonly principal: Principal;
  readonly end: () => void;
}

/** Whose rights event streams were opened with. They have no session, and end when their owner's tokens are revoked. */
export class StreamOwners {
  readonly #byOwner = new Map<string, Set<OwnedStream>>();

  /** @returns a function that forgets the stream */
  add(principal: Principal, end: () => void): () => void {
    if (principal.kind === "guest") return () => {};
    const key = principalKey(principal);
    const stream = { principal, end };
    let streams = this.#byOwner.get(key);
    if (!streams) this.#byOwner.set(key, (streams = new Set()));
    streams.add(stream);
    return () => {
      streams.delete(stream);
      if (streams.size === 0 && this.#byOwner.get(key) === streams) this.#byOwner.delete(key);
    };
  }

  /** How many owners there are. */
  get size(): number {
    return this.#byOwner.size;
  }

  /**
   * An account's tokens have been revoked. Streams that were opened with a newer one go on.
   *
   * @param key the account's principal key
   * @param valid the key that its tokens must have now; `undefined` if the account is gone
   */
  revoked(key: string, valid: string | undefined): void {
    for (const { principal, end } of this.#byOwner.get(key) ?? []) {
      if (principal.kind === "guest" || toText(principal.values["tokenKey"]) !== valid) end();
    }
  }

  /** Those whose streams are open. An account may come twice. */
  *principals(): Generator<Principal> {
    for (const streams of this.#byOwner.values()) for (const { principal } of streams) yield principal;
  }

  /** Collections have changed. @param revise the principal as it is under the new ones */
  revise(revise: (principal: Principal) => Principal): void {
    for (const streams of this.#byOwner.values()) {
      for (const { principal, end } of streams) if (revise(principal).kind === "guest") end();
    }
  }
}
