/** An object whose values are made when one of them is first read: a copy of what holds it reads none. */
export function lazyObject<Value>(make: () => Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  let made: Readonly<Record<string, Value>> | undefined;
  const object = (): Readonly<Record<string, Value>> => (made ??= make());
  return new Proxy<Readonly<Record<string, Value>>>(
    {},
    {
      get: (_, key) => Reflect.get(object(), key) as unknown,
      has: (_, key) => Reflect.has(object(), key),
      ownKeys: () => Reflect.ownKeys(object()),
      getOwnPropertyDescriptor: (_, key) => Reflect.getOwnPropertyDescriptor(object(), key),
    },
  );
}
