import type { PresenceMember } from "@headwater/protocol";
import type { Eventually } from "../lib/scheduling/eventually.ts";
import type { TurnShare } from "../lib/scheduling/turn-share.ts";

export type MemberAccount = NonNullable<PresenceMember["auth"]>;

/** Whether a principal may see the account. */
export type SeesAccount<Principal> = (viewer: Principal) => Eventually<boolean>;

export interface AccountViewsOptions<Principal> {
  /** Reads an account once for all viewers. */
  readonly viewOf: (account: MemberAccount) => Promise<SeesAccount<Principal>>;
  readonly onError: (error: unknown) => void;
}

/** A subscriber and a member. */
export interface ViewerOf<Principal> {
  readonly viewer: Principal;
  /** Equal for viewers with the same rights. */
  readonly viewerKey: string;
  readonly account: MemberAccount;
}

/** Who may see which accounts of a room, while one publication is prepared. */
export class AccountViews<Principal> {
  readonly #options: AccountViewsOptions<Principal>;
  readonly #turns: TurnShare;
  readonly #accounts = new Map<string, Promise<SeesAccount<Principal>>>();
  readonly #seen = new Map<string, boolean>();

  /** @param turns shared by all rooms */
  constructor(options: AccountViewsOptions<Principal>, turns: TurnShare) {
    this.#options = options;
    this.#turns = turns;
  }

  isKnown({ viewerKey, account }: ViewerOf<Principal>): boolean {
    return this.#seen.has(pairKey(viewerKey, account));
  }

  async find(pairs: Iterable<ViewerOf<Principal>>): Promise<void> {
    for (const pair of pairs) {
      if (this.isKnown(pair)) continue;
      this.#seen.set(pairKey(pair.viewerKey, pair.account), await this.#maySee(pair));
      const pause = this.#turns.pause(performance.now());
      if (pause) await pause;
    }
  }

  sees(viewerKey: string, account: MemberAccount): boolean {
    return this.#seen.get(pairKey(viewerKey, account)) === true;
  }

  /** An account for which this can't be found out is not shown. */
  async #maySee({ viewer, account }: ViewerOf<Principal>): Promise<boolean> {
    try {
      const sees = await this.#accountOf(account);
      return await sees(viewer);
    } catch (error) {
      this.#options.onError(error);
      return false;
    }
  }

  #accountOf(account: MemberAccount): Promise<SeesAccount<Principal>> {
    const key = pairKey("", account);
    let reading = this.#accounts.get(key);
    if (!reading) this.#accounts.set(key, (reading = this.#options.viewOf(account)));
    return reading;
  }
}

const pairKey = (viewerKey: string, { collection, id }: MemberAccount): string => `${viewerKey}\n${collection}/${id}`;
