/** The page in which a browser's own EventSource is judged: it asks what to do, does it, and tells what it heard. */
export const JUDGED_PAGE = `<!doctype html>
<meta charset="utf-8">
<title>This browser's EventSource is being judged</title>
<script type="module">
const sources = new Map();
let told = Promise.resolve();
const send = (path, body) => fetch(path, { method: "POST", body: JSON.stringify(body) });
const tell = (body) => (told = told.then(() => send("/told", body)));
for (;;) {
  const { id, url, names } = await (await send("/next", {})).json();
  if (url === undefined) {
    sources.get(id)?.close();
    sources.delete(id);
    continue;
  }
  const source = new EventSource(url);
  sources.set(id, source);
  for (const event of ["message", ...names])
    source.addEventListener(event, ({ data, lastEventId }) => tell({ id, event, data, lastEventId }));
}
</script>
`;
