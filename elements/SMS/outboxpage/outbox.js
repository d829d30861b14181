// Shows new messages as they come. What is shown already stays as it is, so that focus
// and selection stay.
const list = document.getElementById("list"), state = document.getElementById("state");
const local = (root) => root.querySelectorAll("time").forEach((t) => (t.textContent = new Date(t.dateTime).toLocaleString(document.documentElement.lang)));

async function refresh() {
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) throw 0;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const items = [...page.getElementById("list").children], keys = new Set(items.map((i) => i.id));
    let added = 0, after = null;
    for (const item of items) {
      let there = document.getElementById(item.id);
      if (!there) {
        there = document.importNode(item, true);
        local(there);
        if (after) after.after(there);
        else list.prepend(there);
        added++;
      }
      after = there;
    }
    for (const item of [...list.children]) if (!keys.has(item.id)) item.remove();
    document.getElementById("none").hidden = items.length > 0;
    if (added) state.textContent = state.dataset.new.replace("{n}", added);
    else if (state.textContent === state.dataset.away) state.textContent = "";
  } catch {
    state.textContent = state.dataset.away;
  }
}

local(document);
setInterval(() => document.hidden || refresh(), 2000);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
