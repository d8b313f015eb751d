import { family, flow, guest, superuser } from "../../lib/scenario.ts";

const FILES = [
  "picture00000001/{{picture00000001.image}}",
  "picture00000002/{{picture00000002.image}}",
  "picture00000003/{{picture00000003.image}}",
  "picture00000002/{{picture00000002.files.0}}",
  "picture00000001/{{picture00000001.files.2}}",
];
const SIZES = [
  "40x30",
  "40x30t",
  "40x30b",
  "40x30f",
  "0x20",
  "20x0",
  "100x100",
  "10x10",
  "40X30",
  "40x30x",
  "x",
  "",
  "0x0",
];

/** What a thumbnail is, apart from its bytes, which depend on the library that made it. */
export const THUMBS = family("files: thumbs", [
  ...FILES.flatMap((file) => SIZES.map((size) => guest(`HEAD /api/files/pictures/${file}?thumb=${size}`))),
  ...["&download=1", "&thumb=20x0", "&token=x"].map((query) =>
    guest(`HEAD /api/files/pictures/${FILES[0]}?thumb=40x30${query}`),
  ),
  guest(`HEAD /api/files/pictures/${FILES[0]}?thumb=40x30`, undefined, { Range: "bytes=0-9" }),
  guest(`HEAD /api/files/pictures/${FILES[0]}?thumb=40x30`, undefined, { "If-None-Match": "*" }),
  guest("HEAD /api/files/users/user00000000003/{{user00000000003.avatar}}?thumb=100x100"),
  guest("HEAD /api/files/papers/paper0000000001/{{paper0000000001.paper}}?thumb=100x100"),
  flow(
    "a thumb of a deleted record",
    guest(`HEAD /api/files/pictures/${FILES[2]}?thumb=40x30`),
    superuser("DELETE /api/collections/pictures/records/picture00000003"),
    guest(`HEAD /api/files/pictures/${FILES[2]}?thumb=40x30`),
  ),
]);
