// What htmx leaves to us when a form is sent, or a page looked at again, without leaving it: the button that waits, the
// fields that are amiss, where focus goes, another page than the one awaited, no answer at all. Nothing is kept.
import { busy, clear, forget, mark } from "/static/forms.mjs";

const SLOWER = 1.3, SLOWEST = 15, LOOKS = 40; // each look at what is being decided comes later than the last; seconds
const pages = new WeakMap(); // of a request: the page that answered it
const given = new WeakMap(); // of what sent it: gives its button back

try { sessionStorage.removeItem("htmx-current-path-for-history"); } catch { /* htmx's own, which nothing here reads */ }

const source = (detail) => detail.requestConfig.elt;
const place = (elt) => document.querySelector(elt.getAttribute("hx-target"));

document.addEventListener("htmx:beforeRequest", (event) => {
  const elt = source(event.detail);
  if (elt.matches("form")) given.set(elt, busy(elt, event.detail.requestConfig.triggeringEvent?.submitter ?? undefined));
  else if (document.hidden) { event.preventDefault(); later(elt); }
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const elt = source(detail);
  given.get(elt)?.();
  given.delete(elt);
  if (elt.matches("[data-poll]") && elt.isConnected) later(elt);
});

// Sent elsewhere: to the thing's own page, or to the sign-in once the session is over. The button waits until it is there.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr, pathInfo } = event.detail, elt = source(event.detail);
  if (xhr.responseURL === new URL(pathInfo.finalRequestPath, location.href).href) return;
  event.preventDefault();
  given.delete(elt);
  if (elt.matches("form")) elt.reset();
  location.assign(xhr.responseURL);
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const elt = source(detail), page = new DOMParser().parseFromString(detail.serverResponse, "text/html");
  const ours = page.querySelector("main#content") !== null;
  detail.shouldSwap = ours && (!elt.matches("[data-poll]") || (detail.xhr.status === 200 && !page.querySelector("main [data-poll]")));
  if (!ours) lost(elt);
  if (!detail.shouldSwap) return;
  pages.set(detail.xhr, page);
  if (page.querySelector(elt.getAttribute("hx-select"))) return;
  detail.target = document.querySelector("main"); // another page than the one awaited: all of it
  detail.selectOverride = "main";
});

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  const elt = source(detail), page = pages.get(detail.xhr);
  if (!pages.delete(detail.xhr)) return;
  if (elt.isConnected) answered(elt, page);
  else arrived(page, elt.matches("form"));
});

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, ({ detail }) => lost(source(detail)));
}

// The answer stands beside the form: what was typed stays, unless the question was answered.
function answered(form, page) {
  const answer = document.querySelector(form.getAttribute("hx-select"));
  mark(form, [...page.querySelectorAll(`#${form.id} .error:not([hidden])`)].map((error) => error.id.replace(/-error$/, "")));
  if (answer.hasAttribute("data-answered")) form.reset();
  answer.focus();
  answer.scrollIntoView({ block: "nearest" });
}

function arrived(page, sent) {
  const main = document.querySelector("main"), at = main.querySelector("[data-path]");
  document.querySelector("header").replaceWith(page.querySelector("header"));
  if (at) history.replaceState(null, "", at.dataset.path);
  main.focus({ preventScroll: true });
  if (sent) window.scrollTo(0, 0);
}

// No answer, or none of ours: a calm sentence where the answer would be, and what was typed stays.
function lost(elt) {
  const elsewhere = new CustomEvent("sending:lost", { bubbles: true, cancelable: true });
  if (!elt.dispatchEvent(elsewhere) || !elt.dataset.lost) return;
  const around = place(elt), named = around.getAttribute("aria-labelledby");
  const notice = document.createElement("div"), told = document.createElement(named ? "h2" : "p");
  notice.className = named ? "verdict calm" : "notice calm";
  notice.setAttribute("role", "alert");
  if (named) told.id = named;
  else told.className = "title";
  told.textContent = elt.dataset.lost;
  notice.append(told);
  around.replaceChildren(notice);
  around.classList.remove("empty");
  around.focus();
}

// For nine minutes: a page that is left open must not keep its session from ending.
function later(elt) {
  elt.dataset.looks = Number(elt.dataset.looks ?? LOOKS) - 1;
  if (elt.dataset.looks < 0) return;
  const pause = Math.min(Number(elt.dataset.poll || 1) * SLOWER, SLOWEST);
  elt.dataset.poll = pause;
  setTimeout(() => { if (elt.isConnected) htmx.trigger(elt, "look"); }, pause * 1000);
}

document.addEventListener("htmx:load", ({ detail }) => {
  if (!navigator.clipboard) return;
  for (const button of detail.elt.querySelectorAll("[data-copy]")) button.hidden = false;
});
document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.replaceAll(" ", ""));
  button.textContent = button.dataset.done;
});
document.addEventListener("reset", ({ target }) => clear(target));
forget("form[hx-post]");
