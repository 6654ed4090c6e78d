// Refreshes the activity on the simulator's console every two seconds while the page is visible.
(() => {
  const activity = document.getElementById("activity");
  let shown = "";

  async function refresh() {
    const selecting = !document.getSelection().isCollapsed;
    if (document.hidden || selecting || activity.contains(document.activeElement)) return;
    const answer = await fetch(activity.dataset.refresh, { signal: AbortSignal.timeout(5000) });
    if (!answer.ok) return;
    const page = await answer.text();
    if (page === shown) return;
    shown = page;
    const left = [...activity.querySelectorAll(".scroll")].map((box) => box.scrollLeft);
    activity.innerHTML = page;
    activity.querySelectorAll(".scroll").forEach((box, index) => { box.scrollLeft = left[index] || 0; });
  }

  // If the simulator is restarting, the next turn asks again.
  setInterval(() => refresh().catch(() => {}), 2000);
})();
