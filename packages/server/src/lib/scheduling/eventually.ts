/** A value that is at hand, or will be. What is at hand costs no turn of the queue, and its cost can be measured. */
export type Eventually<Value> = Value | Promise<Value>;

export const andThen = <Value, Next>(
  value: Eventually<Value>,
  next: (value: Value) => Eventually<Next>,
): Eventually<Next> => (value instanceof Promise ? value.then(next) : next(value));

/** Both values, at once if both are at hand. */
export const both = <One, Other>(one: Eventually<One>, other: Eventually<Other>): Eventually<readonly [One, Other]> =>
  one instanceof Promise || other instanceof Promise ? Promise.all([one, other]) : [one, other];
