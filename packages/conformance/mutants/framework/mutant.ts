import type { ClockOptions } from "../../src/core/clock.ts";
import type { Profile } from "../../src/core/case.ts";
import type { Scope } from "../../src/core/scope.ts";
import type { Random } from "./random.ts";

/** A peer that breaks exactly one rule of a profile's model. */
export interface Mutant<Options> {
  /** The rule that it breaks, as the model names it. */
  readonly rule: string;
  /** What it does instead: "sends heartbeat twice, on later connections". */
  readonly name: string;
  /** Only cases whose group or name contains this judge it: the others would take long, and can't tell. */
  readonly only?: string;
  /** It is a matter of time, so nothing else may run meanwhile. */
  readonly isAlone?: true;
  /** The case that must catch it, and what the case must say. */
  readonly expected?: { readonly case: string; readonly message: RegExp };
  /** Starts the broken peer and defers its end. @returns what the profile needs to judge it */
  readonly open: (scope: Scope) => Options | Promise<Options>;
}

/** A profile, and the peers that it must refuse and accept. */
export interface Suite<Options, World> {
  readonly profile: Profile<Options, World>;
  readonly mutants: readonly Mutant<Options>[];
  /** Starts a peer that is right though odd; the same random numbers make the same peer. */
  readonly odd: (random: Random, scope: Scope) => Options | Promise<Options>;
  /** A document names the cases, so none can be merged; each must still catch a mutant that is expected of it. */
  readonly isFixed?: true;
  /** Only these cases judge right peers. */
  readonly oddOnly?: string;
  /** How many right peers are enough, if each takes long. */
  readonly mostSeeds?: number;
  /** How many peers of this suite may be judged at once; as many as there are by default. */
  readonly width?: number;
  /** The windows of time, short ones: a mutant should not make its cases wait for long. */
  readonly clock: ClockOptions;
}
