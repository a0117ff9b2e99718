-- Undoes waiting_room.sql.
revoke insert on rempart.inbox, rempart.idempotency, rempart.authorization_hold from rempart_worker;
drop table rempart.compartment_told;
drop table rempart.wave_window, rempart.wave_plan;
drop function rempart.leave_waiting;
drop table rempart.waiting_entry, rempart.waiting_room;
