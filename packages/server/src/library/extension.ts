import type { App as Core } from "../app.ts";
import { RouteSet } from "../api/custom-routes.ts";
import { HookSet } from "../records/hooks.ts";

/** Hooks and routes that came together and go together. */
export class Extension {
  readonly hooks = new HookSet();
  readonly routes = new RouteSet();
}

/** Puts these in force in the place of all others, in one instant; the first stands before the second. */
export function useExtensions({ hooks, customRoutes }: Core, extensions: readonly Extension[]): void {
  hooks.replace(extensions.map((extension) => extension.hooks));
  customRoutes.replace(extensions.map((extension) => extension.routes));
}
