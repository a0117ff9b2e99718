-- What each role may do on the ground tables. A later migration grants on its own tables.
grant usage on schema rempart to rempart_hub, rempart_worker, rempart_auditor;

grant select on rempart.insurer, rempart.guarantee_table, rempart.routing, rempart.site, rempart.client, rempart.client_key, rempart.mandate,
    rempart.compartment, rempart.facts_version, rempart.token, rempart.inbound, rempart.idempotency, rempart.invoice, rempart.invoice_event,
    rempart.invoice_history, rempart.decision, rempart.site_reference to rempart_hub;
grant insert on rempart.token, rempart.inbound, rempart.inbox, rempart.idempotency
    to rempart_hub;
grant update (revoked) on rempart.token to rempart_hub;
grant update (state, bytes, report, fingerprint) on rempart.inbound to rempart_hub;
grant update (distinct_said) on rempart.invoice to rempart_hub;

grant select on all tables in schema rempart to rempart_worker;
grant insert, update on rempart.insurer, rempart.routing, rempart.site, rempart.client, rempart.client_key,
    rempart.mandate, rempart.compartment, rempart.inbound, rempart.invoice to rempart_worker;
grant insert on rempart.guarantee_table, rempart.invoice_event, rempart.decision, rempart.invoice_sealed, rempart.transfer to rempart_worker;
grant insert on rempart.token to rempart_worker;
grant update (revoked) on rempart.token to rempart_worker;
grant delete on rempart.inbox, rempart.token, rempart.idempotency, rempart.budget to rempart_worker;
grant update (known_until) on rempart.met to rempart_worker;

grant select on rempart.disclosure to rempart_auditor;

-- Only `settle` writes disclosures, budgets, meetings and accreditations: it runs as its owner.
revoke all on function rempart.settle from public;
grant execute on function rempart.settle to rempart_hub, rempart_worker;
revoke all on function rempart.ensure_month(int) from public;
grant execute on function rempart.ensure_month(int) to rempart_worker;
