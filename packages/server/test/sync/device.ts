import {
  getDefaultPuller,
  type MutatorDefs,
  type PullerResultV1,
  Replicache,
  type ReplicacheOptions,
  type WriteTransaction,
} from "replicache";
import { Inbox } from "@headwater/testing/clients/inbox.ts";
import { PokeStream } from "./poke-stream.ts";

/** The client's view: values by key. */
export type View = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface RecordKey {
  readonly collection: string;
  readonly id: string;
}

type Data = Readonly<Record<string, string | number | boolean | readonly string[]>>;
type Write = RecordKey & { readonly data: Data };

const keyOf = ({ collection, id }: RecordKey): string => `${collection}/${id}`;

/** The optimistic versions of the server's built-in mutators, and of `vote`. */
const OPTIMISTIC_MUTATORS = {
  create: (tx: WriteTransaction, write: Write) => tx.set(keyOf(write), { id: write.id, ...write.data }),
  async update(tx: WriteTransaction, write: Write) {
    const before = (await tx.get(keyOf(write))) as Data | undefined;
    if (before) await tx.set(keyOf(write), { ...before, ...write.data });
  },
  async delete(tx: WriteTransaction, target: RecordKey) {
    await tx.del(keyOf(target));
  },
  /** Application-defined: see hooks/vote.ts. */
  async vote(tx: WriteTransaction, { id }: { readonly id: string }) {
    const before = (await tx.get(`todos/${id}`)) as { votes?: number } | undefined;
    if (before) await tx.set(`todos/${id}`, { ...before, votes: (before.votes ?? 0) + 1 });
  },
} satisfies MutatorDefs;

export interface DeviceOptions {
  readonly url: string;
  readonly token: string;
  /** Devices with the same name act as tabs of one browser. By default a new name. */
  readonly name?: string;
  /** Returns a new token when the server refuses the old one. */
  readonly getAuth?: () => Promise<string>;
  /** Additional mutators. A different set means another version of the application. */
  readonly extraMutators?: MutatorDefs;
}

const UNREACHABLE = "http://127.0.0.1:1";
let devices = 0;

/** A real Replicache client, with a poke stream that triggers pulls. */
export class Device implements AsyncDisposable {
  /** Every view that the client has shown, in order. */
  readonly views = new Inbox<View>();
  /** Every pull result from the server. */
  readonly pullResults: PullerResultV1[] = [];
  readonly name: string;
  readonly rep: Replicache<typeof OPTIMISTIC_MUTATORS>;
  /** Resolves when the server responds ClientStateNotFound. */
  readonly notFound: Promise<void>;
  #url: string;
  #token: string;
  #pokes: PokeStream | undefined;

  constructor({ url, token, name, getAuth, extraMutators = {} }: DeviceOptions) {
    devices += 1;
    this.name = name ?? `device ${devices}`;
    this.#url = url;
    this.#token = token;
    const options: ReplicacheOptions<typeof OPTIMISTIC_MUTATORS> = {
      name: this.name,
      kvStore: "mem",
      mutators: { ...OPTIMISTIC_MUTATORS, ...extraMutators },
      auth: `Bearer ${token}`,
      pullInterval: null,
      requestOptions: { minDelayMs: 10, maxDelayMs: 100 },
      logLevel: "error",
      logSinks: [],
      puller: async (body, id) => {
        const result = (await getDefaultPuller(this.rep)(body, id)) as PullerResultV1;
        this.pullResults.push(result);
        return result;
      },
    };
    this.rep = new Replicache(options);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.notFound = promise;
    this.rep.onClientStateNotFound = resolve;
    if (getAuth) {
      this.rep.getAuth = async () => {
        this.#token = await getAuth();
        return `Bearer ${this.#token}`;
      };
    }
    this.rep.subscribe(async (tx) => Object.fromEntries(await tx.scan().entries().toArray()) as View, {
      onData: (view) => this.views.push(view),
    });
    this.goOnline();
  }

  /** The current view. */
  get view(): View {
    return this.views.items.at(-1) ?? {};
  }

  get mutate(): Replicache<typeof OPTIMISTIC_MUTATORS>["mutate"] {
    return this.rep.mutate;
  }

  /** Waits until the view satisfies the condition. */
  async until(holds: (view: View) => boolean): Promise<void> {
    try {
      await this.views.until((views) => holds(views.at(-1) ?? {}));
    } catch {
      throw new Error(
        `the condition ${String(holds)} did not hold; the view is ${JSON.stringify(this.view).slice(0, 2_000)}`,
      );
    }
  }

  pull(): void {
    // A pull in flight rejects when the client closes.
    this.rep.pull({ now: true }).catch(() => {});
  }

  /** Waits until the server has confirmed all mutations. */
  async untilConfirmed(): Promise<void> {
    while ((await this.rep.experimentalPendingMutations()).length > 0) {
      this.pull();
      await Bun.sleep(20);
    }
  }

  /** Reconnects. @param url the server's new URL, if it changed */
  goOnline(url = this.#url): void {
    this.#url = url;
    this.rep.pushURL = `${url}/api/v1/replicache/push`;
    this.rep.pullURL = `${url}/api/v1/replicache/pull`;
    this.#pokes?.[Symbol.dispose]();
    this.#pokes = new PokeStream(
      url,
      () => this.#token,
      () => this.pull(),
    );
    void this.rep.push({ now: true }).catch(() => {});
  }

  goOffline(): void {
    this.#pokes?.[Symbol.dispose]();
    this.rep.pushURL = this.rep.pullURL = UNREACHABLE;
  }

  /** The ids of all records in pull results, including deletions. */
  get receivedIds(): ReadonlySet<string> {
    const keys = this.pullResults.flatMap(({ response }) =>
      response && "patch" in response
        ? response.patch.flatMap((operation) => ("key" in operation ? [operation.key] : []))
        : [],
    );
    return new Set(keys.map((key) => key.slice(key.indexOf("/") + 1)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pokes?.[Symbol.dispose]();
    await this.rep.close();
  }
}
