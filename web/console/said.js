// What was said in this tab and is not in the transcript yet: the API tells of a waiting reply, and not
// what it will answer. A reload finds it here.

const place = (session) => `backscroll.said.${session}`;

export function saidIn(session) {
  const read = () => JSON.parse(sessionStorage.getItem(place(session)) ?? "{}");
  const write = (all) => sessionStorage.setItem(place(session), JSON.stringify(all));
  return {
    text: (id) => read()[id] ?? null,
    keep: (id, text) => write({ ...read(), [id]: text }),
    /** Forget all but these replies: the transcript has them, or nobody waits for them any more. */
    only: (ids) => write(Object.fromEntries(Object.entries(read()).filter(([id]) => ids.includes(id)))),
  };
}
