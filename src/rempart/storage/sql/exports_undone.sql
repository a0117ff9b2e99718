-- Undoes exports.sql.
drop table rempart.export_signature;
