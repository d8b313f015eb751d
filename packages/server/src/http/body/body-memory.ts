import { type ApiError, invalid, limited } from "../../lib/api-error.ts";
import { Quota } from "../../lib/scheduling/quota.ts";

/** How many bytes of bodies may be in memory; 0 is no limit. */
export interface BodyMemoryLimits {
  readonly total: number;
  /** Of all requests from one address. */
  readonly perClient: number;
}

/** Bytes that each body may have in any case. */
const FREE = 16_384;
/** Milliseconds after which a body that is still on its way may lose its place to others. */
const SLOW_MS = 10_000;
const RETRY_SECONDS = 5;

/** Counts the bytes of bodies from their arrival until their requests are answered. */
export class BodyMemory {
  readonly #quota: Quota<HeldBody>;
  readonly #groupOf: (address: string) => string | undefined;
  readonly #refused: (limit: string) => void;
  /** Bodies that are still on their way, oldest first. */
  readonly #arriving = new Set<HeldBody>();

  /**
   * @param groupOf what the limit by address counts together; `undefined` for an address without a limit
   * @param refused called with the code of a limit that refuses a body
   */
  constructor(
    { total, perClient }: BodyMemoryLimits,
    groupOf: (address: string) => string | undefined,
    refused: (limit: string) => void,
  ) {
    this.#quota = new Quota({ total, perKey: perClient, free: FREE });
    this.#groupOf = groupOf;
    this.#refused = refused;
  }

  get bytes(): number {
    return this.#quota.total;
  }

  /** Call `release` on the result when the request is answered. */
  open(address: string): HeldBody {
    const group = this.#groupOf(address);
    const body = new HeldBody(this, group === undefined ? [] : [group]);
    this.#arriving.add(body);
    return body;
  }

  /** @throws ApiError 429 beyond the address's limit, 503 beyond that of all */
  set(body: HeldBody, bytes: number): void {
    let reached = this.#quota.set(body, bytes, body.groups);
    if (reached === "total" && this.#cutSlow(body)) reached = this.#quota.set(body, bytes, body.groups);
    if (reached) throw this.refusal(reached);
  }

  arrived(body: HeldBody): void {
    this.#arriving.delete(body);
  }

  release(body: HeldBody): void {
    this.#arriving.delete(body);
    this.#quota.release(body);
  }

  /** Makes room by ending the bodies that take longest to arrive. @returns whether there were any */
  #cutSlow(except: HeldBody): boolean {
    const limit = performance.now() - SLOW_MS;
    const slow = [...this.#arriving].filter((body) => body !== except && body.since < limit && body.bytes > FREE);
    for (const body of slow) {
      body.cut(this.refusal("total"));
      this.release(body);
    }
    return slow.length > 0;
  }

  refusal(reached: "total" | "key"): ApiError {
    const problem =
      reached === "total"
        ? invalid("limit_body_memory", "Too many large requests are on their way (--max-body-memory-mb).")
        : invalid("limit_body_memory_client", "The address sends too much at once (--max-body-memory-mb-per-client).");
    this.#refused(problem.code);
    return limited(reached === "total" ? 503 : 429, { body: problem }, RETRY_SECONDS);
  }
}

/** The body of one request. */
export class HeldBody {
  readonly since = performance.now();
  bytes = 0;
  /** Bytes of its files on the disk. */
  fileBytes = 0;
  /** Ends the reading of a body that was cut. */
  onCut: () => void = () => {};
  #cutBy: ApiError | undefined;
  readonly #cleanups: (() => Promise<void>)[] = [];

  constructor(
    readonly memory: BodyMemory,
    readonly groups: readonly string[],
  ) {}

  /**
   * Counts bytes that arrived, or with a negative number bytes that memory holds no more.
   *
   * @throws ApiError 429 or 503 if they may not be kept
   */
  take(bytes: number): void {
    this.throwIfCut();
    this.memory.set(this, this.bytes + bytes);
    this.bytes += bytes;
  }

  cut(reason: ApiError): void {
    this.#cutBy = reason;
    this.onCut();
  }

  throwIfCut(): void {
    if (this.#cutBy) throw this.#cutBy;
  }

  /** The whole body is here. */
  arrived(): void {
    this.memory.arrived(this);
  }

  /** @param cleanup runs when the request is answered */
  afterwards(cleanup: () => Promise<void>): void {
    this.#cleanups.push(cleanup);
  }

  async release(): Promise<void> {
    this.memory.release(this);
    for (const cleanup of this.#cleanups) await cleanup();
  }
}
