/** @throws Error with the message, unless the condition holds */
export function ensure(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}
