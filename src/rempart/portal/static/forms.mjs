// What every form of ours does to its own fields and button: wait, say what is amiss, be clean again. It sends nothing.

// The button waits and says so; what is returned gives it back as it was.
export function busy(form, button = form.querySelector("button.main")) {
  const label = form.dataset.busy ? button?.querySelector("span") : null;
  const before = label?.textContent;
  button?.setAttribute("aria-disabled", "true");
  if (label) label.textContent = form.dataset.busy;
  return () => {
    button?.removeAttribute("aria-disabled");
    if (label) label.textContent = before;
  };
}

export function clear(form) {
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  for (const error of form.querySelectorAll(".error")) error.hidden = true;
}

// The fields of these names are amiss: their sentences are in the page already, some of them in parts that are shut.
export function mark(form, names) {
  clear(form);
  for (const name of names) {
    const error = document.getElementById(`${name}-error`), field = document.getElementById(name);
    if (error) error.hidden = false;
    if (field?.matches("input, select, textarea")) field.setAttribute("aria-invalid", "true");
    const line = field?.closest("[data-line]");
    if (line) line.hidden = false;
    for (let around = field?.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
  }
}

// Nothing typed outlives its page, not even where a browser keeps pages whole.
export function forget(forms) {
  const empty = () => { for (const form of document.querySelectorAll(forms)) form.reset(); };
  window.addEventListener("pageshow", (event) => { if (event.persisted) empty(); });
  window.addEventListener("pagehide", empty);
}
