// A file that is sent: whether there is one and not too large, and how far it is. htmx sends it; the bytes are not read here.
"use strict";

const part = (id) => document.getElementById(id);

function amiss(form, text) {
  const error = part("file-error"), field = part("file");
  part("going").hidden = true;
  error.textContent = text;
  error.hidden = false;
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

document.addEventListener("htmx:configRequest", (event) => {
  const form = event.detail.elt, [file] = part("file").files;
  const why = !file ? form.dataset.none : file.size > Number(form.dataset.most) ? form.dataset.large : "";
  if (why) { event.preventDefault(); amiss(form, why); }
});
document.addEventListener("htmx:beforeRequest", () => {
  part("file-error").hidden = true;
  part("file").removeAttribute("aria-invalid");
  part("bar").value = 0;
  part("far").textContent = "";
  part("going").hidden = false;
});
// Of the answer too there is progress: once all is sent, none of it is told.
document.addEventListener("htmx:xhr:progress", ({ detail }) => {
  if (!detail.lengthComputable || part("bar").value === 100) return;
  part("bar").value = (100 * detail.loaded) / detail.total;
  part("far").textContent = detail.loaded < detail.total ? `${Math.round(part("bar").value)} %` : part("upload").dataset.sent;
});
document.addEventListener("sending:lost", (event) => { event.preventDefault(); amiss(event.target, event.target.dataset.lost); });
