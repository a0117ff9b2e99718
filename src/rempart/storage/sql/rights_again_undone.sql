drop table rempart.rights_again_done, rempart.rights_again, rempart.invoice_wait;
