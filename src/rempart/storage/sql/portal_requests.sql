-- A site's files, the newest first, as `invoice_of_site`: ids begin with the millisecond at which they began to come.
create index inbound_of_site on rempart.inbound ((site || ''), inbound) where channel = 'file';
