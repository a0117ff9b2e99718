-- Four roles without login. Who signs in is made a member of one of them by the installation.
do $$
declare wanted text;
begin
    foreach wanted in array array['rempart_owner', 'rempart_hub', 'rempart_worker', 'rempart_auditor'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            begin
                execute format('create role %I nologin', wanted);
            exception when duplicate_object or unique_violation then null;  -- two databases migrated at once
            end;
        end if;
    end loop;
end $$;
