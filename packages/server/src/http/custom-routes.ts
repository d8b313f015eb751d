import { UserError } from "../lib/user-error.ts";
import { createRouter, type FindRoute, type Route } from "./route.ts";
import { routes as builtIn } from "../api/routes.ts";

const findBuiltIn = createRouter(builtIn);

/** Routes that came together and go together. */
export class RouteSet {
  readonly routes: Route[] = [];
  #find: FindRoute | undefined;

  /** @throws UserError for a path of the server's own, which would never get there */
  add(route: Route): void {
    const { method, path } = route;
    if (!path.startsWith("/")) throw new UserError(`The path of a route must begin with a slash: "${path}".`);
    if (findBuiltIn(method, path)) throw new UserError(`${method} ${path} is a route of the server's own.`);
    this.routes.push(route);
    this.#find = undefined;
  }

  // A router that has found something takes no more routes, so each addition makes another.
  find: FindRoute = (method, path) => {
    if (this.routes.length === 0) return undefined;
    this.#find ??= createRouter(this.routes);
    return this.#find(method, path);
  };
}

/** The routes that the application brings, beside the server's own. */
export class CustomRoutes {
  #sets: readonly RouteSet[] = [];

  /** Puts these in the place of all others, from the next request on. */
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
