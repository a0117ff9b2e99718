-- Undoes portal_requests.sql.
drop index rempart.inbound_of_site;
