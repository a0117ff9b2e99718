-- Undoes receipts.sql.
drop table rempart.receipt_key;
