import { testScenarios } from "../../testing/scenario.ts";
import { startTestApp } from "../../testing/test-app.ts";

const { url, admin, add, define } = await startTestApp();
await define({
  name: "orders",
  listRule: "status != 'draft' && @request.query.shop = 'x'",
  fields: [
    { type: "text", name: "status" },
    { type: "number", name: "price" },
  ],
});
await define({ name: "secrets", fields: [{ type: "number", name: "n" }] });
for (const [status, price] of [
  ["new", 1],
  ["new", 2.5],
  ["sold", 4],
  ["draft", 100],
] as const) {
  await add("orders", { status, price });
}

const ORDERS = "/api/collections/orders/aggregate?shop=x";
testScenarios(url, [
  {
    name: "groups come with their values",
    path: `${ORDERS}&select=count,sum(price)&groupBy=status&sort=-sum(price)`,
    status: 200,
    contains: [
      '{"items":[{"status":"sold","count":1,"sum(price)":4},{"status":"new","count":2,"sum(price)":3.5}],"page":1,"perPage":30,"totalItems":2,"totalPages":1}',
    ],
  },
  {
    name: "without a group, there is one item",
    path: `${ORDERS}&select=total:sum(price)`,
    status: 200,
    contains: ['{"items":[{"total":7.5}]'],
  },
  {
    name: "the list rule holds",
    path: "/api/collections/orders/aggregate",
    status: 200,
    contains: ['{"items":[{"count":0}]'],
  },
  {
    name: "superusers see all",
    path: "/api/collections/orders/aggregate",
    token: admin,
    status: 200,
    contains: ['"count":4'],
  },
  { name: "what only superusers list", path: "/api/collections/secrets/aggregate", status: 403 },
  { name: "an unknown collection", path: "/api/collections/nope/aggregate", status: 404 },
  {
    name: "a mistake is explained",
    path: `${ORDERS}&select=middle(price)`,
    status: 400,
    contains: ['"select":{"code":"validation_invalid_aggregate"', "is not one of count, sum, avg, min, max"],
  },
  {
    name: "a search",
    path: `${ORDERS}&search=x`,
    status: 400,
    contains: ["Only lists and subscriptions take a search."],
  },
  { name: "an unreadable filter", path: `${ORDERS}&filter=x=`, status: 400 },
  { name: "a group that isn't there", path: `${ORDERS}&groupBy=nothing`, status: 400, contains: ['"groupBy":'] },
]);
