-- Undoes batches.sql.
drop function rempart.answer_batch;
drop table rempart.batch_instant;
drop table rempart.announced;
drop table rempart.batch_answer;
drop table rempart.batch_chunk;
drop table rempart.batch;
