import type { Arbitrary } from "fast-check";
import type { World } from "./world.ts";

/** One kind of input, and what is done with it. */
export interface Area<Input = unknown> {
  readonly name: string;
  readonly inputs: Arbitrary<Input>;
  /** Sends one input. @throws Violation for an answer that must not be */
  readonly send: (world: World, input: Input) => Promise<void>;
}

/** Checks that `inputs` and `send` agree, and forgets which type they agree on. */
export const area = <Input>(name: string, inputs: Arbitrary<Input>, send: Area<Input>["send"]): Area =>
  ({ name, inputs, send }) as Area;
