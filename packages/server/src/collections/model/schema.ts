import type { ClientFilters } from "../../config.ts";
import type { Collection } from "./collection.ts";

/** An immutable snapshot of all collections: changing a collection gives a new schema. */
export class Schema {
  readonly #byId: ReadonlyMap<string, Collection>;
  readonly #byName: ReadonlyMap<string, Collection>;

  constructor(
    readonly collections: readonly Collection[],
    readonly clientFilters: ClientFilters = "visible",
  ) {
    this.#byId = new Map(collections.map((collection) => [collection.id, collection]));
    this.#byName = new Map(collections.map((collection) => [collection.name.toLowerCase(), collection]));
  }

  /** Finds by id, or by name in any case, as PocketBase's paths allow. */
  find(nameOrId: string): Collection | undefined {
    return this.#byId.get(nameOrId) ?? this.#byName.get(nameOrId.toLowerCase());
  }

  /** A schema with this collection added, or replacing the one with the same id. */
  with(collection: Collection): Schema {
    return this.#of([...this.collections.filter(({ id }) => id !== collection.id), collection]);
  }

  without(id: string): Schema {
    return this.#of(this.collections.filter((collection) => collection.id !== id));
  }

  readonly #of = (collections: readonly Collection[]): Schema => new Schema(collections, this.clientFilters);
}
