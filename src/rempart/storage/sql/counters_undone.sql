revoke select on rempart.accreditation from rempart_hub;
drop function rempart.cancel_invoice(uuid, text, bigint);
alter function rempart.cancel_invoice_alone(uuid, text, bigint) rename to cancel_invoice;
grant execute on function rempart.cancel_invoice to rempart_hub, rempart_worker;
drop function rempart.release_stray_holds, rempart.release_counters, rempart.hold_counters, rempart.give_back, rempart.counters_taken,
    rempart.lock_held, rempart.lock_counters;
drop table rempart.counter_entry, rempart.counter;
drop function rempart.counter_moves();
