import type { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import type { LogEntry } from "@headwater/testing/servers/read-database.ts";
import type { RuleChange } from "./history.ts";
import type { Rule } from "./rules.ts";

/** The rule edits of a scenario, in order, and the seq at which each was logged. */
export class RuleEdits {
  readonly #head: number;
  readonly #edits: { readonly collection: string; readonly rule: Rule; isAnswered: boolean }[] = [];

  /** @param head the seq of the last change before any of them */
  constructor(head: number) {
    this.#head = head;
  }

  /** @throws if the edit is rejected, or the server goes down before it answers */
  async edit(admin: SuperuserClient, collection: string, rule: Rule): Promise<void> {
    const edit = { collection, rule, isAnswered: false };
    this.#edits.push(edit);
    await admin.updateCollection(collection, { listRule: rule.text, viewRule: rule.text });
    edit.isAnswered = true;
  }

  /** After a restart, decides from the log whether an unanswered edit was committed. */
  settle(log: readonly LogEntry[]): void {
    const last = this.#edits.at(-1);
    if (!last || last.isAnswered) return;
    if (this.#logEntries(log).length < this.#edits.length) this.#edits.pop();
    else last.isAnswered = true;
  }

  /** The edits that are in the log. */
  ruleChanges(log: readonly LogEntry[]): RuleChange[] {
    const entries = this.#logEntries(log);
    return this.#edits.flatMap(({ collection, rule }, i) => {
      const seq = entries[i]?.seq;
      return seq === undefined ? [] : [{ seq, collection, rule }];
    });
  }

  #logEntries(log: readonly LogEntry[]): LogEntry[] {
    return log.filter(
      ({ seq, collection, action }) => seq > this.#head && collection === "_collections" && action === "update",
    );
  }
}
