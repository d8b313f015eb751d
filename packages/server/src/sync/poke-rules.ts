import type { Collection } from "../collections/model/collection.ts";
import type { Rule } from "../collections/model/rule.ts";
import type { Schema } from "../collections/model/schema.ts";
import { UserError } from "../lib/user-error.ts";
import { checkRule } from "../rules/analysis/check-rule.ts";

/** Rules of pokes that are declared and removed together. */
export class PokeRuleSet {
  readonly #rules = new Map<string, Rule>();

  /**
   * @param rule who may poke an account of the collection; it is evaluated on the account
   * @throws UserError if the rule can't be read, or the collection has no accounts
   */
  declare(collection: Collection, rule: Rule, schema: Schema): void {
    const { name, type } = collection;
    if (type !== "auth") throw new UserError(`The collection "${name}" has no users.`);
    const problem = rule === null ? undefined : checkRule(rule, collection, schema);
    if (problem !== undefined) throw new UserError(`The rule for pokes of "${name}" can't be read: ${problem}.`);
    this.#rules.set(name, rule);
  }

  ruleOf(collection: string): Rule | undefined {
    return this.#rules.get(collection);
  }
}

/** Who may poke which accounts besides the own: superusers, and those whom the application's rules allow. */
export class PokeRules {
  #sets: readonly PokeRuleSet[] = [];

  /** Replaces all rules. */
  replace(sets: readonly PokeRuleSet[]): void {
    this.#sets = sets;
  }

  /** If several sets have the collection, the last one wins. */
  ruleOf(collection: string): Rule {
    const declared = this.#sets.map((set) => set.ruleOf(collection)).findLast((rule) => rule !== undefined);
    return declared === undefined ? null : declared;
  }
}
