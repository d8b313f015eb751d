import { parseCursor } from "@headwater/protocol";
import { z } from "zod";
import { badRequest, forbidden, invalid, notFound } from "../lib/api-error.ts";
import { asJson } from "../lib/json-value.ts";
import { parseListParams } from "../records/query/list-params.ts";
import type { Rule } from "../collections/model/collection.ts";
import { isSuperuser, principalKey } from "../rules/principal.ts";
import { isAllowed, ownerOf } from "../tasks/task-rules.ts";
import type { Definition } from "../tasks/definition.ts";
import type { Task } from "../tasks/task.ts";
import { listTasks } from "../tasks/task-table.ts";
import type { ApiContext } from "../http/api-context.ts";
import type { ApiRequest } from "../http/request.ts";
import { correlationOf } from "../connections/correlated-events.ts";
import { openEventStream } from "../connections/open-event-stream.ts";
import { recordContext } from "./record-context.ts";
import { json, jsonPage, noContent } from "../http/responses.ts";
import { hasHeardAll, TaskSource, unknownTask } from "../connections/task-event-source.ts";

const KEY = z.string().min(1).max(255).nullish();
const FORM = z.object({ name: z.string(), input: z.unknown().optional(), idempotencyKey: KEY });

/** Starts a task, for those whom its start rule lets. */
export async function start(request: ApiRequest, deps: ApiContext): Promise<Response> {
  const { name, input, idempotencyKey } = await request.bound(FORM);
  const definition = deps.tasks.definitions.find(name);
  if (!definition) throw notFound(`There is no task "${name}".`);
  const owner = ownerOf(request.principal);
  const asked = { id: "", name, owner, input: asJson(input) };
  if (!(await isAllowed(deps.store, recordContext(request, deps), definition.startRule, asked))) throw forbidden();
  const key = keyOf(request, idempotencyKey);
  return json(request, describe(request, await deps.tasks.start(name, input, { idempotencyKey: key, owner })));
}

/**
 * Keys of each account are its own, and those of guests are not the application's: who finds a task by its key may see it.
 *
 * @throws ApiError 400 for a header that is no key
 */
function keyOf({ raw, principal }: ApiRequest, inBody: z.output<typeof KEY>): string | undefined {
  const { data: inHeader, success } = KEY.safeParse(raw.headers.get("idempotency-key") || null);
  if (!success) {
    const problem = invalid("validation_length_out_of_range", "The length must be between 1 and 255.", {
      min: 1,
      max: 255,
    });
    throw badRequest("", { idempotencyKey: problem });
  }
  const key = inBody ?? inHeader;
  return typeof key === "string" ? `${principalKey(principal)}:${key}` : undefined;
}

/** All tasks, the newest first; `name` and `state` choose. */
export async function list(request: ApiRequest, { store }: ApiContext): Promise<Response> {
  const { page, perPage } = parseListParams(request.query);
  const { name, state } = request.query;
  const { items, totalItems } = await listTasks(store, { name, state }, { page, perPage });
  const answer = {
    items: items.map((task) => describe(request, task)),
    page,
    perPage,
    totalItems,
    totalPages: Math.ceil(totalItems / perPage),
  };
  return jsonPage(request, answer);
}

export async function view(request: ApiRequest, deps: ApiContext): Promise<Response> {
  return json(request, describe(request, await visibleTask(request, deps)));
}

/** Ends a task that is not over yet. */
export async function cancel(request: ApiRequest, deps: ApiContext): Promise<Response> {
  const task = await visibleTask(request, deps);
  if (!(await may(request, deps, task, "cancelRule", null))) throw forbidden();
  return json(request, describe(request, (await deps.tasks.cancel(task.id)) ?? task));
}

/** What a task tells, from its beginning or from where the client was, until it is over. */
export async function stream(request: ApiRequest, deps: ApiContext): Promise<Response> {
  const correlation = correlationOf(request);
  const seen = parseCursor(request.raw.headers.get("last-event-id") ?? request.query["since"] ?? "");
  const task = await findVisible(request, deps);
  const told = task && (await deps.tasks.histories.open(task.id));
  if (!told) return openEventStream(request, deps, unknownTask(correlation));
  // The standard's way to tell an `EventSource` that there is nothing to come back for.
  if (hasHeardAll(told, deps.epoch, seen)) return noContent();
  return openEventStream(request, deps, new TaskSource(deps.tasks.histories, told, deps.epoch, correlation, seen));
}

/** @throws ApiError 404 for a task that is not there, or not for this principal's eyes */
async function visibleTask(request: ApiRequest, deps: ApiContext): Promise<Task> {
  const task = await findVisible(request, deps);
  if (!task) throw notFound();
  return task;
}

async function findVisible(request: ApiRequest, deps: ApiContext): Promise<Task | undefined> {
  const task = await deps.tasks.find(request.params["id"] ?? "");
  return task && (await may(request, deps, task, "viewRule", "")) ? task : undefined;
}

/** @param unknown the rule of tasks whose name is not defined any more */
function may(
  request: ApiRequest,
  deps: ApiContext,
  task: Task,
  right: keyof Pick<Definition, "viewRule" | "cancelRule">,
  unknown: Rule,
): Promise<boolean> {
  const definition = deps.tasks.definitions.find(task.name);
  return isAllowed(deps.store, recordContext(request, deps), definition ? definition[right] : unknown, task);
}

/** What was put in, and by whom, is for superusers. */
function describe({ principal }: ApiRequest, task: Task): object {
  const { id, name, state, attempt, output, error, created, started, ended, input, owner } = task;
  return {
    id,
    name,
    state,
    attempt,
    output,
    error,
    created: isoOf(created),
    started: isoOf(started),
    ended: isoOf(ended),
    ...(isSuperuser(principal) && { input, owner }),
  };
}

const isoOf = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString());
