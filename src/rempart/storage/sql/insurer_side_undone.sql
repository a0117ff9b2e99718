drop function rempart.record_origin;
drop table rempart.stand_in, rempart.binding_table, rempart.guarantee_posting, rempart.settlement_answer,
    rempart.settlement_file;
