import { isSuperuser } from "../../rules/principal.ts";
import type { WriteContext } from "../model/record-context.ts";

/** Who wrote: a collection and an id, as `users/abc`; "app" for the application and the command line, "" for a guest. */
export type Actor = string;

export function actorOf({ hooks }: WriteContext): Actor {
  const principal = hooks?.principal;
  if (!principal) return "app";
  if (principal.kind === "guest") return "";
  const { collection, values } = principal;
  return isSuperuser(principal) && values.id === "" ? "app" : `${collection.id}/${values.id}`;
}

/** An actor as an answer shows it. */
export type PresentedActor =
  { readonly kind: "account"; readonly collectionId: string; readonly id: string } | { readonly kind: "guest" | "app" };

export function actorToJson(actor: Actor): PresentedActor {
  if (actor === "app") return { kind: "app" };
  if (actor === "") return { kind: "guest" };
  const slash = actor.indexOf("/");
  return { kind: "account", collectionId: actor.slice(0, slash), id: actor.slice(slash + 1) };
}
