import { collectionId } from "@headwater/protocol";
import { LOWER_ALPHANUMERIC, randomText } from "../lib/random.ts";
import { collectionToJson } from "./collection-json.ts";
import type { Raw } from "./decode.ts";
import { collectionOf, newDraft } from "./draft.ts";

/** A blank collection of each type for a form to start from. Their indexes have random names, to be free. */
export function scaffolds(): Raw {
  const placeholder = randomText(10, LOWER_ALPHANUMERIC);
  const scaffold = (type: string): Raw =>
    collectionToJson(collectionOf({ ...newDraft(type, "", placeholder), id: collectionId("") }));
  return { auth: scaffold("auth"), base: scaffold("base"), view: scaffold("view") };
}
