import { z } from "zod";
import { badRequest, forbidden, invalid, notFound } from "../lib/api-error.ts";
import { asJson } from "../lib/json/json-value.ts";
import { parseListParams } from "../records/query/list-params.ts";
import type { Rule } from "../collections/model/rule.ts";
import { isSuperuser, principalKey } from "../rules/principal.ts";
import { isAllowed, ownerOf } from "../tasks/task-rules.ts";
import type { Definition } from "../tasks/definition.ts";
import type { Task } from "../tasks/task.ts";
import { listTasks } from "../tasks/task-table.ts";
import type { ApiContext } from "./api-context.ts";
import type { ApiRequest } from "../http/request.ts";
import { correlationIdOf } from "../connections/event-stream-encoding.ts";
import { openEventStream } from "../connections/event-stream-connection.ts";
import { recordContext } from "./record-context.ts";
import { json, jsonPage, noContent } from "../http/responses.ts";
import { hasReceivedAll, TaskStreamSource, unknownTaskSource } from "../connections/task-stream-source.ts";

const KEY = z.string().min(1).max(255).nullish();
const FORM = z.object({ name: z.string(), input: z.unknown().optional(), idempotencyKey: KEY });

/** Starts a task if its start rule allows it. */
export async function start(request: ApiRequest, api: ApiContext): Promise<Response> {
  const { name, input, idempotencyKey } = await request.parseBody(FORM);
  const definition = api.tasks.definitions.find(name);
  if (!definition) throw notFound(`There is no task "${name}".`);
  const owner = ownerOf(request.principal);
  const candidate = { id: "", name, owner, input: asJson(input) };
  if (!(await isAllowed(api.store, recordContext(request, api), definition.startRule, candidate))) throw forbidden();
  const key = keyOf(request, idempotencyKey);
  return json(request, toJson(request, await api.tasks.start(name, input, { idempotencyKey: key, owner })));
}

/**
 * The idempotency key, prefixed with the account: a key returns the task that it started, which nobody else may see.
 *
 * @throws ApiError 400 if the header is too long
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

/** All tasks, newest first, filtered by `name` and `state`. */
export async function list(request: ApiRequest, { store }: ApiContext): Promise<Response> {
  const { page, perPage } = parseListParams(request.query);
  const { name, state } = request.query;
  const { items, totalItems } = await listTasks(store, { name, state }, { page, perPage });
  return jsonPage(request, {
    items: items.map((task) => toJson(request, task)),
    page,
    perPage,
    totalItems,
    totalPages: Math.ceil(totalItems / perPage),
  });
}

export async function view(request: ApiRequest, api: ApiContext): Promise<Response> {
  return json(request, toJson(request, await visibleTask(request, api)));
}

/** Cancels a task unless it has ended. */
export async function cancel(request: ApiRequest, api: ApiContext): Promise<Response> {
  const task = await visibleTask(request, api);
  if (!(await may(request, api, task, "cancelRule", null))) throw forbidden();
  return json(request, toJson(request, (await api.tasks.cancel(task.id)) ?? task));
}

/** The events of a task, from the first or after the client's cursor, until the task ends. */
export async function stream(request: ApiRequest, api: ApiContext): Promise<Response> {
  const { cursors, tasks } = api;
  const { histories } = tasks;
  const correlationId = correlationIdOf(request);
  const since = cursors.readTaskEventId(request.raw.headers.get("last-event-id") ?? request.query["since"] ?? "");
  const task = await findVisible(request, api);
  const events = task && (await histories.open(task.id));
  if (!events) return openEventStream(request, api, unknownTaskSource(correlationId), "");
  // The standard's way to stop an `EventSource` from reconnecting.
  if (hasReceivedAll(events, since)) return noContent();
  const source = new TaskStreamSource({
    histories,
    stream: events,
    idOf: cursors.taskEventId.bind(cursors),
    correlationId,
    since,
  });
  return openEventStream(request, api, source, request.principal.kind === "guest" ? "" : request.token);
}

/** @throws ApiError 404 if there is no such task, or the requester may not see it */
async function visibleTask(request: ApiRequest, api: ApiContext): Promise<Task> {
  const task = await findVisible(request, api);
  if (!task) throw notFound();
  return task;
}

async function findVisible(request: ApiRequest, api: ApiContext): Promise<Task | undefined> {
  const task = await api.tasks.find(request.params["id"] ?? "");
  return task && (await may(request, api, task, "viewRule", "")) ? task : undefined;
}

/** @param fallback the rule for tasks whose definition no longer exists */
function may(
  request: ApiRequest,
  api: ApiContext,
  task: Task,
  rule: keyof Pick<Definition, "viewRule" | "cancelRule">,
  fallback: Rule,
): Promise<boolean> {
  const definition = api.tasks.definitions.find(task.name);
  return isAllowed(api.store, recordContext(request, api), definition ? definition[rule] : fallback, task);
}

/** Only superusers see the input and the owner. */
function toJson({ principal }: ApiRequest, task: Task): object {
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
