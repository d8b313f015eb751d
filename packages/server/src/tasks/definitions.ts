import { UserError } from "../lib/user-error.ts";
import type { Definition } from "./definition.ts";

/** Definitions that came together and go together. */
export class DefinitionSet {
  readonly #byName = new Map<string, Definition>();
  /** Called with each that is added. */
  onAdd: (definition: Definition) => void = () => {};

  /** @throws UserError for a name that is taken in this set */
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

/** The definitions in force. */
export class Definitions {
  readonly #onChange: (name: string) => void;
  #sets: readonly DefinitionSet[] = [];

  /** @param onChange called with each name that is or may be defined anew */
  constructor(onChange: (name: string) => void) {
    this.#onChange = onChange;
  }

  /** Puts these in the place of all others, for whatever begins from now on. */
  replace(sets: readonly DefinitionSet[]): void {
    this.#sets = sets;
    for (const set of sets) {
      set.onAdd = ({ name }) => this.#onChange(name);
      for (const name of set.names()) this.#onChange(name);
    }
  }

  find(name: string): Definition | undefined {
    for (const set of this.#sets) {
      const found = set.find(name);
      if (found) return found;
    }
    return undefined;
  }
}
