import { UserError } from "../lib/user-error.ts";
import type { Definition } from "./definition.ts";

/** Definitions that are registered and removed together. */
export class DefinitionSet {
  readonly #byName = new Map<string, Definition>();
  /** Called with each definition that is added. */
  onAdd: (definition: Definition) => void = () => {};

  /** @throws UserError if the set already has the name */
  add(definition: Definition): void {
    if (this.#byName.has(definition.name)) throw new UserError(`The task "${definition.name}" is defined twice.`);
    this.#byName.set(definition.name, definition);
    this.onAdd(definition);
  }

  find(name: string): Definition | undefined {
    return this.#byName.get(name);
  }

  names(): Iterable<string> {
    return this.#byName.keys();
  }
}

/** The definitions of all sets in use. */
export class Definitions {
  readonly #onChange: (name: string) => void;
  #sets: readonly DefinitionSet[] = [];

  /** @param onChange called with each name whose definition may have changed */
  constructor(onChange: (name: string) => void) {
    this.#onChange = onChange;
  }

  /** Replaces all sets. Attempts that are already running keep their definition. */
  replace(sets: readonly DefinitionSet[]): void {
    this.#sets = sets;
    for (const set of sets) {
      set.onAdd = ({ name }) => this.#onChange(name);
      for (const name of set.names()) this.#onChange(name);
    }
  }

  /** If several sets have the name, the first one wins. */
  find(name: string): Definition | undefined {
    for (const set of this.#sets) {
      const found = set.find(name);
      if (found) return found;
    }
    return undefined;
  }
}
