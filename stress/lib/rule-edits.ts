import type { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import type { LogEntry } from "@headwater/testing/servers/read-database.ts";
import type { RuleChange } from "./history.ts";
import type { Rule } from "./rules.ts";

/** Rules that a scenario puts in force, one after the other, and where in the log each of them came to stand. */
export class RuleEdits {
  readonly #head: number;
  readonly #edits: { readonly collection: string; readonly rule: Rule; isAnswered: boolean }[] = [];

  /** @param head the seq of the last change before any of them */
  constructor(head: number) {
    this.#head = head;
  }

  /** @throws when it is refused, or the server goes away before it answers */
  async edit(admin: SuperuserClient, collection: string, rule: Rule): Promise<void> {
    const edit = { collection, rule, isAnswered: false };
    this.#edits.push(edit);
    await admin.updateCollection(collection, { listRule: rule.text, viewRule: rule.text });
    edit.isAnswered = true;
  }

  /** After a restart: an edit that was not answered is in the log, or it never was. */
  settle(log: readonly LogEntry[]): void {
    const last = this.#edits.at(-1);
    if (!last || last.isAnswered) return;
    if (this.#places(log).length < this.#edits.length) this.#edits.pop();
    else last.isAnswered = true;
  }

  placed(log: readonly LogEntry[]): RuleChange[] {
    const places = this.#places(log);
    return this.#edits.flatMap(({ collection, rule }, i) => {
      const seq = places[i]?.seq;
      return seq === undefined ? [] : [{ seq, collection, rule }];
    });
  }

  #places(log: readonly LogEntry[]): LogEntry[] {
    return log.filter(
      ({ seq, collection, action }) => seq > this.#head && collection === "_collections" && action === "update",
    );
  }
}
