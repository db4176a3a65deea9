// Looking again and again, as long as somebody looks at the page.

/** Call `look` every `pause()` milliseconds, one call at a time; not while the page is hidden or pause() is null. */
export function polling(look, pause) {
  let timer = null;
  let wanted = false;
  let looking = null;
  const lookOn = async () => {
    while (wanted) {
      wanted = false; // who wants it from here on may have seen what this look is too early for
      await look();
    }
    looking = null;
    plan();
  };
  const now = () => {
    clearTimeout(timer);
    wanted = true;
    looking ??= lookOn();
    return looking;
  };
  const plan = () => {
    clearTimeout(timer);
    const ms = document.hidden ? null : pause();
    if (ms !== null) timer = setTimeout(now, ms);
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : pause() !== null && now()));
  return { now, plan };
}
