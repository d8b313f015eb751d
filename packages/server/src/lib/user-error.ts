/** Something the person at the command line can mend: shown as one sentence, never as a stack. */
export class UserError extends Error {
  override readonly name = "UserError";
}
