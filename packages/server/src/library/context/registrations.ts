import type { App as Core } from "../../app/app.ts";
import { findBuiltInRoute } from "../../api/routes.ts";
import { RouteSet } from "../../http/custom-routes.ts";
import { ChannelSet } from "../../visibility/channels/channels.ts";
import { HookSet } from "../../records/model/hook-registry.ts";
import { MutatorSet } from "../../sync/mutators.ts";
import { PokeRuleSet } from "../../sync/poke-rules.ts";
import { DefinitionSet } from "../../tasks/definitions.ts";

/** Hooks, mutators, routes, channels, rooms and tasks that are registered and removed together. */
export class Registrations {
  readonly hooks = new HookSet();
  readonly routes = new RouteSet(findBuiltInRoute);
  readonly mutators = new MutatorSet();
  readonly channels = new ChannelSet();
  readonly rooms = new ChannelSet("room");
  readonly pokeRules = new PokeRuleSet();
  readonly tasks = new DefinitionSet();
}

/** Replaces all registrations at once. */
export function applyRegistrations(core: Core, all: readonly Registrations[]): void {
  const { hooks, customRoutes, mutators, pokeRules, tasks } = core;
  hooks.replace(all.map((registrations) => registrations.hooks));
  customRoutes.replace(all.map((registrations) => registrations.routes));
  mutators.replace(all.map((registrations) => registrations.mutators));
  tasks.definitions.replace(all.map((registrations) => registrations.tasks));
  pokeRules.replace(all.map((registrations) => registrations.pokeRules));
  applyChannels(core, all);
}

/** From the next event on, the new rules decide who receives what. */
function applyChannels(core: Core, all: readonly Registrations[]): void {
  const sets = { channels: all.map(({ channels }) => channels), rooms: all.map(({ rooms }) => rooms) };
  for (const set of [...sets.channels, ...sets.rooms]) set.onDeclared = () => reindex(core);
  reindex(core, () => {
    core.channels.replace(sets.channels);
    core.rooms.replace(sets.rooms);
  });
}

/** Sessions that were alike under the old rules may differ under the new ones. */
function reindex({ hub }: Core, apply: () => void = () => {}): void {
  hub.betweenChanges(() => hub.reindexAll(apply, (principal) => principal));
}
