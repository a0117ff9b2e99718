-- Undoes support.sql and reading.sql.
drop function rempart.support_question;
drop table rempart.support_reading;
drop function rempart.disclose_reading;
