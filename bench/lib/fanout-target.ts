import { hasNchan, startNchan } from "./nchan.ts";
import type { SubscriptionTarget } from "./readers.ts";
import { COLLECTION, recordServerKinds, startRecordServer } from "./servers.ts";

/** Something that hands one published message on to many event streams. */
export interface FanoutTarget extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly subscription: SubscriptionTarget;
  /** Resolves when the server has taken the message. */
  readonly publish: (title: string) => Promise<void>;
}

/** Starts for our server and for the peers of this machine. */
export const fanoutTargets = (): readonly (() => Promise<FanoutTarget>)[] => [
  ...recordServerKinds().map((kind) => async (): Promise<FanoutTarget> => {
    const server = await startRecordServer(kind);
    return {
      name: kind,
      pid: server.pid,
      subscription: { url: `${server.url}/api/realtime`, topic: `${COLLECTION}/*` },
      publish: server.create,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  }),
  ...(hasNchan ? [nchanTarget] : []),
];

async function nchanTarget(): Promise<FanoutTarget> {
  const nchan = await startNchan();
  return {
    name: "nginx nchan",
    pid: nchan.pid,
    subscription: { url: nchan.subscribeUrl },
    publish: (title) => nchan.publish(recordEvent(title)),
    [Symbol.asyncDispose]: () => nchan[Symbol.asyncDispose](),
  };
}

/** As many bytes as the others send for the same title. */
const recordEvent = (title: string): unknown => ({
  record: {
    collectionId: "pbc_3395098727",
    collectionName: COLLECTION,
    count: 1,
    created: "2026-01-01 00:00:00.000Z",
    id: "000000000000000",
    title,
    updated: "2026-01-01 00:00:00.000Z",
  },
  action: "create",
});
