-- Undoes insurer_desk.sql.
revoke select on rempart.rights_file, rempart.rights_release, rempart.fund_call_end from rempart_hub;
drop function rempart.insurer_funds, rempart.speak_on_rights;
drop index rempart.transfer_funds_in, rempart.transfer_funds_out, rempart.authorization_decision_at;
drop trigger said on rempart.authorization_decision;
drop function rempart.decision_said;
