import { check, show } from "../../core/checks.ts";
import { fieldFault, type Fields } from "../../model/field.ts";
import type { ReplicacheContext } from "./target.ts";

export const checkFields = (body: Readonly<Record<string, unknown>>, fields: Fields, of: string): void => {
  const fault = fieldFault(body, fields, of);
  check(fault === undefined, fault!);
};

export async function poke({ request, token }: ReplicacheContext): Promise<Readonly<Record<string, unknown>>> {
  const { status, body } = await request("POST", "/poke-user", token);
  check(status === 200, `POST /poke-user: ${status} ${show(body)}`);
  return body;
}

export async function statsOf({ request, token }: ReplicacheContext): Promise<Readonly<Record<string, unknown>>> {
  const { status, body } = await request("GET", "/stats", token);
  check(status === 200, `GET /stats: ${status} ${show(body)}`);
  return body;
}
