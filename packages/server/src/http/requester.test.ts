import { expect, test } from "bun:test";
import { Registry } from "../collections/model/registry.ts";
import type { Store } from "../store/store.ts";
import { identify, type IdentifyContext, newRequester, UNREAD } from "./requester.ts";

/** A context in which reading a principal takes a turn, and calls `onRead` first. */
function contextWith(onRead: (authRevision: { current: number }) => void) {
  const authRevision = { current: 0 };
  const reads: string[] = [];
  const registry = new Registry();
  const tokens = {
    verify: async (_reader: unknown, _schema: unknown, token: string) => {
      reads.push(token);
      onRead(authRevision);
      await Bun.sleep(0);
      return undefined;
    },
  };
  const context = { tokens, store: {} as Store, registry, authRevision } as unknown as IdentifyContext;
  return { context, reads };
}

test("the principal is read again until no revision came while it was read", async () => {
  let revisions = 2;
  const { context, reads } = contextWith((authRevision) => {
    if (revisions-- > 0) authRevision.current += 1;
  });
  const requester = newRequester("token", new Date());
  expect(requester.principalRevision).toBe(UNREAD);
  await identify(requester, context, () => expect(requester.principalRevision).toBe(context.authRevision.current));
  expect(reads).toHaveLength(3);
});

test("a current principal is not read again", async () => {
  const { context, reads } = contextWith(() => {});
  const requester = newRequester("token", new Date());
  await identify(requester, context);
  await identify(requester, context);
  expect(reads).toHaveLength(1);
});
