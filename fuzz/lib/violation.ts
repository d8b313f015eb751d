/** What must never happen, whatever a client sends. */
export class Violation extends Error {
  override readonly name = "Violation";
}
