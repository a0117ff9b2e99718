drop function rempart.give_presence, rempart.claim_presence;
drop table rempart.presence_code, rempart.presence_count;
