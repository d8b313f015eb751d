import type { Principal } from "./principal.ts";

/** Everything that `@request.*` can name. */
export interface RuleContext {
  readonly principal: Principal;
  /** `@request.context`. */
  readonly context: "default" | "expand" | "realtime" | "protectedFile" | "batch" | "oauth2" | "otp" | "password";
  /** In upper case. */
  readonly method: string;
  /** The first value of each query parameter. */
  readonly query: Readonly<Record<string, string>>;
  /** The first value of each header, names in lower snake case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body after modifiers are applied, with the collection's fields in their normal form. */
  readonly body: Readonly<Record<string, unknown>>;
}
