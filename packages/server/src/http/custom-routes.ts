import { UserError } from "../lib/user-error.ts";
import { createRouter, type FindRoute, type Route } from "./route.ts";

/** Routes that an application or one of its hook files registers, replaced as a unit. */
export class RouteSet {
  readonly routes: Route[] = [];
  readonly #findBuiltIn: FindRoute<never>;
  #find: FindRoute | undefined;

  constructor(findBuiltIn: FindRoute<never>) {
    this.#findBuiltIn = findBuiltIn;
  }

  /** @throws UserError for a path that a built-in route already answers: the request would never reach this one */
  add(route: Route): void {
    const { method, path } = route;
    if (!path.startsWith("/")) throw new UserError(`The path of a route must begin with a slash: "${path}".`);
    if (this.#findBuiltIn(method, path)) {
      throw new UserError(`${method} ${path} is already a route of the server. Choose another path.`);
    }
    this.routes.push(route);
    this.#find = undefined;
  }

  // A router takes no more routes after its first match, so every addition needs a new one.
  find: FindRoute = (method, path) => {
    if (this.routes.length === 0) return undefined;
    this.#find ??= createRouter(this.routes);
    return this.#find(method, path);
  };
}

/** All routes of the application. Built-in routes win over them. */
export class CustomRoutes {
  #sets: readonly RouteSet[] = [];

  /** Replaces all sets, from the next request on. */
  replace(sets: readonly RouteSet[]): void {
    this.#sets = sets;
  }

  find: FindRoute = (method, path) => {
    for (const set of this.#sets) {
      const found = set.find(method, path);
      if (found) return found;
    }
    return undefined;
  };
}
