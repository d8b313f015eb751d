import { collectionTypes, propertyKey } from "./collection-types.ts";
import { type CollectionDescription, applicationCollections } from "./collection-description.ts";
import type { TypeNames } from "./expand-types.ts";

const HEAD = `// What the collections hold, for createClient<Schema> of @headwater/client.
// Made by \`headwater types\`: make it anew when they change.
`;

/** A TypeScript file that says what an application's collections hold: for \`createClient<Schema>\`. */
export function schemaFile(collections: readonly CollectionDescription[]): string {
  const shown = applicationCollections(collections);
  const names = typeNamesOf(shown);
  const entries = shown.map((collection) => `  readonly ${propertyKey(collection.name)}: ${entryOf(collection, names)};\n`);
  const schema = `/** Every collection by its name. */\nexport interface Schema {\n${entries.join("")}}\n`;
  return [HEAD, schema, ...shown.map((collection) => collectionTypes(collection, shown, names))].join("\n");
}

function entryOf({ id, type }: CollectionDescription, names: TypeNames): string {
  const name = names.get(id)!;
  const [create, update] = type === "view" ? ["never", "never"] : [`${name}Create`, `${name}Update`];
  return `{ readonly record: ${name}Record; readonly create: ${create}; readonly update: ${update} }`;
}

/** \`blog_posts\` is \`BlogPosts\`; what comes out the same gets a number. */
function typeNamesOf(collections: readonly CollectionDescription[]): TypeNames {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const { id, name } of collections) {
    const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
    const pascal = words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("");
    const base = /^[A-Za-z]/.test(pascal) ? pascal : `C${pascal}`;
    let free = base;
    for (let i = 2; taken.has(free); i += 1) free = `${base}${i}`;
    taken.add(free);
    names.set(id, free);
  }
  return names;
}
