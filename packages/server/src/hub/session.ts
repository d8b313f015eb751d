import type { ClientId, Subscription } from "@headwater/protocol";
import type { Frame } from "./frame.ts";
import type { Outbox, Outlet, Queue } from "./outbox.ts";
import type { Audience } from "./topic-index.ts";
import type { CloseReason, Wire } from "./wire.ts";

/** One live connection: who it is, what it listens to, and what waits for it. */
export class Session<Principal> implements Outlet {
  readonly id: ClientId;
  /** The peer's address: only requests from there may change the subscriptions. */
  readonly address: string;
  principal: Principal;
  subscriptions: readonly Subscription[] = [];
  /** Where the hub has put it. */
  audiences: readonly Audience<Principal>[] = [];
  readonly #wire: Wire;
  readonly #queue: Queue;
  readonly #onClose: (session: Session<Principal>) => void;
  #closed = false;
  /** Something was written since the last beat. */
  #active = false;
  #blockedBeats = 0;

  constructor(
    init: { readonly id: ClientId; readonly address: string; readonly principal: Principal; readonly wire: Wire },
    outbox: Outbox,
    onClose: (session: Session<Principal>) => void,
  ) {
    this.id = init.id;
    this.address = init.address;
    this.principal = init.principal;
    this.#wire = init.wire;
    this.#onClose = onClose;
    this.#queue = outbox.queue(this);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Queues a frame; it leaves in the next turn of the loop, or when the socket drains. */
  deliver(frame: Frame): void {
    this.#queue.push(frame);
  }

  /** The wire took all that was sent. */
  drained(): void {
    this.#blockedBeats = 0;
    this.#queue.drained();
  }

  /**
   * Keeps a quiet connection alive, and ends one whose socket has been full for `patience` beats on end.
   *
   * @param heartbeat bytes that clients ignore
   */
  beat(heartbeat: Uint8Array, patience: number): void {
    if (this.#queue.blocked) {
      this.#blockedBeats += 1;
      if (this.#blockedBeats >= patience) this.close("dead");
      return;
    }
    if (!this.#active && this.#queue.size === 0) this.write(heartbeat);
    this.#active = false;
  }

  /** Ends the connection from our side; a peer that reads still gets what was on its way. */
  close(reason: CloseReason): void {
    if (this.#closed) return;
    if (reason === "shutdown") this.#queue.flush();
    this.ended();
    this.#wire.close(reason);
  }

  /** The connection is gone, whoever ended it. */
  ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue.end();
    this.#onClose(this);
  }

  /** For the outbox. */
  write(bytes: Uint8Array): "sent" | "blocked" | "closed" {
    this.#active = true;
    const outcome = this.#wire.send(bytes);
    if (outcome === "closed") this.ended();
    return outcome;
  }

  /** For the outbox. */
  overflow(): void {
    this.close("slow");
  }
}
