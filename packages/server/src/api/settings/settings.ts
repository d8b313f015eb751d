import { ZodError } from "zod";
import { type Body, UnsupportedContentType } from "../../http/body/body.ts";
import type { ApiRequest } from "../../http/request.ts";
import { json } from "../../http/responses.ts";
import { badRequest } from "../../lib/api-error.ts";
import { parseStrictText } from "../../lib/json/strict-json.ts";
import { mergeForm, mergeSettings, type Settings, shownSettings } from "../../settings/settings.ts";
import { settingsProblems } from "../../settings/validate-settings.ts";
import type { ApiContext } from "../api-context.ts";

const UNREADABLE = "An error occurred while loading the submitted data.";

export const view = (request: ApiRequest, { settings }: ApiContext): Response =>
  json(request, shownSettings(settings.current));

/** Merges what was sent into the settings, which apply from then on. */
export async function update(request: ApiRequest, { settings }: ApiContext): Promise<Response> {
  const body = await request.read((read) => read, UNREADABLE).catch(sayUnreadable);
  const after = await settings.update(request.now, (before) => {
    const merged = merge(before, body);
    const problems = settingsProblems(merged);
    if (problems) throw badRequest("An error occurred while saving the new settings.", problems);
    return merged;
  });
  return json(request, shownSettings(after));
}

/** Unlike other endpoints, this one doesn't say that it doesn't know the content type. */
function sayUnreadable(error: unknown): never {
  throw error instanceof UnsupportedContentType ? badRequest(UNREADABLE, {}, error) : error;
}

/** @throws ApiError 400 if a value has the wrong type */
function merge(before: Settings, body: Body): Settings {
  try {
    if (body.kind === "empty") return before;
    if (body.kind === "json") return mergeSettings(before, body.value);
    const payloads = body.values.get("@jsonPayload") ?? [];
    const merged = mergeForm(before, body.values);
    return payloads.reduce((current, text) => mergeSettings(current, parseStrictText(text, body.limits)), merged);
  } catch (error) {
    if (error instanceof ZodError || error instanceof TypeError || error instanceof SyntaxError) {
      throw badRequest(UNREADABLE, {}, error);
    }
    throw error;
  }
}
