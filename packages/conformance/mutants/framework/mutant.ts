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
  /** Starts the broken peer and defers its end. @returns what the profile needs to judge it */
  readonly open: (scope: Scope) => Options | Promise<Options>;
}

/** A profile, and the peers that it must refuse and accept. */
export interface Suite<Options, World> {
  readonly profile: Profile<Options, World>;
  readonly mutants: readonly Mutant<Options>[];
  /** Starts a peer that is right though odd; the same random numbers make the same peer. */
  readonly odd: (random: Random, scope: Scope) => Options | Promise<Options>;
  /** How many peers of this suite may be judged at once; as many as there are by default. */
  readonly width?: number;
  /** The windows of time, short ones: a mutant should not make its cases wait for long. */
  readonly clock: ClockOptions;
}
