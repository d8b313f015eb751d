/** Does the same as `Promise.withResolvers`, which Node 20 lacks. */
export function promiseWithResolvers<T = void>(): PromiseWithResolvers<T> {
  let settle: Omit<PromiseWithResolvers<T>, "promise"> | undefined;
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle! };
}
