import type { App as Core } from "../../app/app.ts";
import { RouteSet } from "../../http/custom-routes.ts";
import { ChannelSet } from "../../visibility/channels.ts";
import { HookSet } from "../../records/model/hook-registry.ts";
import { MutatorSet } from "../../sync/mutators.ts";
import { DefinitionSet } from "../../tasks/definitions.ts";

/** Hooks, mutators, routes, channels and tasks that came together and go together. */
export class Extension {
  readonly hooks = new HookSet();
  readonly routes = new RouteSet();
  readonly mutators = new MutatorSet();
  readonly channels = new ChannelSet();
  readonly tasks = new DefinitionSet();
}

/** Puts these in force in the place of all others, in one instant; the first stands before the second. */
export function useExtensions(core: Core, extensions: readonly Extension[]): void {
  const { hooks, customRoutes, mutators, tasks } = core;
  hooks.replace(extensions.map((extension) => extension.hooks));
  customRoutes.replace(extensions.map((extension) => extension.routes));
  mutators.replace(extensions.map((extension) => extension.mutators));
  tasks.definitions.replace(extensions.map((extension) => extension.tasks));
  useChannels(
    core,
    extensions.map((extension) => extension.channels),
  );
}

/** Those who listen are judged by the new rules from the next event on. */
function useChannels({ hub, channels }: Core, sets: readonly ChannelSet[]): void {
  hub.between(() => {
    hub.regroup(
      () => channels.replace(sets),
      (principal) => principal,
    );
  });
}
