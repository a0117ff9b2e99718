// Makes the key by which this browser signs receipts of card checks; it becomes this browser's when the hub has taken it.
import { forget, fresh, keep, kept, point, web } from "/static/receipt.mjs";

const form = document.querySelector("[data-receipts=enrol]");
const enrolled = document.querySelector("[data-receipts=enrolled]");

if (enrolled) {
  const keys = await kept("fresh").catch(() => null);
  if (keys) {
    await keep("signer", { site: enrolled.dataset.site, key: enrolled.dataset.key, keys });
    await forget("fresh");
  }
  if ((await kept("signer").catch(() => null))?.key !== enrolled.dataset.key) enrolled.querySelector("p:last-child").textContent = enrolled.dataset.failed;
  navigator.serviceWorker?.register("/hors-ligne/worker.js", { scope: "/hors-ligne" }).catch(() => {});
}
const here = await kept("signer").catch(() => null);
const listed = document.querySelector("[data-receipts-site]");
if (here && listed?.dataset.receiptsSite === here.site && !document.querySelector(`[data-key="${CSS.escape(here.key)}"]`)) await forget("signer"); // ended
const named = here && document.querySelector(`[data-key="${CSS.escape(here.key)}"] .own`);
if (named) named.hidden = false;
if (form && here && here.site === form.dataset.site && named) form.closest("section").hidden = true;
form?.addEventListener("submit", async (event) => {
  if (form.elements.point.value) return;
  event.preventDefault();
  const button = form.querySelector("button");
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  try {
    const keys = await fresh();
    await keep("fresh", keys);
    form.elements.point.value = web(await point(keys));
    form.requestSubmit();
  } catch {
    form.nextElementSibling.hidden = false;
    button.removeAttribute("aria-disabled");
  }
});
if (form) form.querySelector("button").disabled = false;
