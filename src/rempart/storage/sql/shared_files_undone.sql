-- Undoes shared_files.sql.
drop index rempart.remittance_line_invoice, rempart.transfer_number;
drop table rempart.inbound_part;
