// Fields as people read them: numbers and dates in their groups, and the counter's own day. Nothing is sent from here.
"use strict";

(() => {
  const dated = (plain) => {
    const digits = plain.replace(/[^0-9]/g, "");
    return digits.length === 8 ? `${digits.slice(0, 2)}/${digits.slice(2, 4)}/${digits.slice(4)}` : plain;
  };
  const GROUPS = {
    nir: (plain) => {
      const made = plain.toUpperCase().replace(/[^0-9AB]/g, "").slice(0, 15).replace(/^(.)(..)?(..)?(..)?(...)?(...)?(..)?.*$/, "$1 $2 $3 $4 $5 $6 $7").trim();
      return [13, 15].includes(made.replaceAll(" ", "").length) ? made : plain;
    },
    amc_number: (plain) => plain.replace(/[^0-9]/g, "").slice(0, 10),
    birth_date: dated, care_date: dated, planned: dated, delivered: dated,
  };
  const zone = document.body.dataset.zone; // the site's
  const dayIn = (place) => new Intl.DateTimeFormat("fr-FR", { dateStyle: "short", timeZone: place }).format(new Date());

  // The server proposes the site's today; a page may stay open overnight.
  function follow(form, field) {
    const put = () => { field.value = field.defaultValue = dayIn(zone); };
    if (field.value !== (form.dataset.today ?? dayIn(zone ?? "Europe/Paris"))) return;
    put();
    form.addEventListener("reset", () => setTimeout(put));
  }

  for (const form of document.querySelectorAll("form[data-day]")) {
    for (const [name, group] of Object.entries(GROUPS)) {
      const field = form.elements[name];
      field?.addEventListener("change", () => { field.value = group(field.value); });
    }
    const own = form.elements[form.dataset.day];
    if (own) follow(form, own);
  }
})();
