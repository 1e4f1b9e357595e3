-- All statements that licensing.ChooseLicence causes, as pgbench runs them: made by `tests/bench --write-script`.
-- Each client works on companies of its own; one statement is added, which makes the ids.
-- statements: 42, transactions: 8
\set i :i + 1
\set id (:client_id + 1) * 1000000000000 + :i * 256
\set n :client_id * :companies + random(1, :companies)
select
  :company_kept || lpad(to_hex(:n::bigint), 8, '0') as company,
  :decision_kept || lpad(to_hex(:n::bigint), 8, '0') as decision,
  :project_kept || lpad(to_hex(:n::bigint), 8, '0') as project,
  :technical_kept || lpad(to_hex(:n::bigint), 8, '0') as technical,
  lpad(to_hex(:id::bigint + 0), 32, '0') as fresh0,
  lpad(to_hex(:id::bigint + 1), 32, '0') as fresh1,
  lpad(to_hex(:id::bigint + 2), 32, '0') as fresh2,
  lpad(to_hex(:id::bigint + 3), 32, '0') as fresh3,
  lpad(to_hex(:id::bigint + 4), 32, '0') as fresh4,
  lpad(to_hex(:id::bigint + 5), 32, '0') as fresh5,
  lpad(to_hex(:id::bigint + 6), 32, '0') as fresh6,
  lpad(to_hex(:id::bigint + 7), 32, '0') as fresh7,
  lpad(to_hex(:id::bigint + 8), 32, '0') as fresh8
\gset
-- licensing
select source, lane, epoch, seq from licensing.cursor where lane = any (string_to_array(:company, ','))
;
-- licensing
BEGIN
;
insert into licensing.lane (lane, next_seq) values (:company, 1) on conflict (lane) do update set next_seq = lane.next_seq returning next_seq as seq, (select lane_epoch from licensing.head where id = 1) as epoch
\gset licensing_lane_
select payload_hash, resource from licensing.request where key = repeat(:fresh0, 2)
;
select technical, decision from licensing.contact where company = :company and contact = :decision
;
select id, company, version, cast(body as text) as body from licensing.licences where company = :company and id = :project
\gset licensing_document_
update licensing.licences set label = E'incomplete', version = version + 1, body = cast(:value0 as jsonb), updated_at = now() where id = :project and version = :licensing_document_version
;
insert into licensing.outbox (event_id, lane, epoch, seq, kind, project, payload, trace, recorded_at, follows) values (:fresh1, :company, E'0', :licensing_lane_seq::bigint + 0, E'licence_chosen', E'companies/01a21f8c-e9fb-74b6-9bc3-75b53d3d513d/projects/01a21f8c-ea8d-71e1-9edb-6ed3b640dfda', :value1, null, E'2026-11-09 08\x3a00\x3a00+00', (select string_agg(source || '/' || seq || case when epoch = 0 then '' else '/' || epoch end, ',') from licensing.cursor where lane = :company)), (:fresh2, :company, E'0', :licensing_lane_seq::bigint + 1, E'licence_status_changed', E'companies/01a21f8c-e9fb-74b6-9bc3-75b53d3d513d/projects/01a21f8c-ea8d-71e1-9edb-6ed3b640dfda', :value2, null, E'2026-11-09 08\x3a00\x3a00+00', (select string_agg(source || '/' || seq || case when epoch = 0 then '' else '/' || epoch end, ',') from licensing.cursor where lane = :company))
;
update licensing.lane set next_seq = :licensing_lane_seq::bigint + 2 where lane = :company
;
insert into licensing.history (id, company, project, kind, actor, request, body, recorded_at) values (:fresh3, :company, E'companies/01a21f8c-e9fb-74b6-9bc3-75b53d3d513d/projects/01a21f8c-ea8d-71e1-9edb-6ed3b640dfda', E'licence_chosen', E'companies/01a21f8c-e9fb-74b6-9bc3-75b53d3d513d/contacts/01a21f8c-ea60-76f3-a5d9-6b21f2c4ba52', :fresh4, :value3, E'2026-11-09 08\x3a00\x3a00+00'), (:fresh5, :company, E'companies/01a21f8c-e9fb-74b6-9bc3-75b53d3d513d/projects/01a21f8c-ea8d-71e1-9edb-6ed3b640dfda', E'status_changed', E'companies/01a21f8c-e9fb-74b6-9bc3-75b53d3d513d/contacts/01a21f8c-ea60-76f3-a5d9-6b21f2c4ba52', :fresh4, :value4, E'2026-11-09 08\x3a00\x3a00+00')
;
insert into licensing.request (key, payload_hash, resource, created_at) values (repeat(:fresh0, 2), repeat(:fresh6, 2), :value5, now()) on conflict (key) do nothing
;
COMMIT
;
-- What it causes.
-- licensing
BEGIN
;
update licensing.head set next_position = next_position where id = 1 returning next_position
\gset licensing_head_
update licensing.outbox set position = pick.place + :licensing_head_next_position::bigint + 0, sequenced_at = now() from (select event_id as picked, row_number() over (order by lane, seq) - 1 as place from licensing.outbox where position is null and lane = :company order by lane, seq limit 500) as pick where outbox.event_id = pick.picked returning outbox.event_id, outbox.lane, outbox.epoch, outbox.seq, outbox.position, outbox.kind, outbox.recorded_at, outbox.sequenced_at, outbox.trace, outbox.follows, outbox.payload
;
update licensing.head set next_position = :licensing_head_next_position::bigint + 2 where id = 1
;
COMMIT
;
-- audit
BEGIN
;
insert into audit.cursor (source, lane, seq) values (E'licensing', :company, 0) on conflict (source, lane) do update set seq = cursor.seq returning epoch, seq, parked, (select string_agg(source || '/' || seq || case when epoch = 0 then '' else '/' || epoch end, ',') from audit.cursor where lane = :company) as others, exists (select 1 from audit.inbox where inbox.lane = :company) as waits, true as passes_over
\gset audit_cursor_licensing_
insert into audit.lane (lane, next_seq) values (:company, 1) on conflict (lane) do update set next_seq = lane.next_seq returning next_seq as seq, (select lane_epoch from audit.head where id = 1) as epoch
\gset audit_lane_
select id, company, version, cast(body as text) as body from audit.dossier where company = :company and id = :project
\gset audit_document_
update audit.dossier set label = E'open', version = version + 1, body = cast(:value6 as jsonb), updated_at = now() where id = :project and version = :audit_document_version
;
update audit.cursor set epoch = E'0', seq = :audit_cursor_licensing_seq::bigint + 1, parked = false where source = E'licensing' and lane = :company
;
COMMIT
;
-- licensing
update licensing.outbox set published_at = now() where event_id = any (string_to_array((:fresh1::text || ',' || :fresh2::text), ',')::uuid[])
;
-- scheduling
BEGIN
;
insert into scheduling.cursor (source, lane, seq) values (E'licensing', :company, 0) on conflict (source, lane) do update set seq = cursor.seq returning epoch, seq, parked, (select string_agg(source || '/' || seq || case when epoch = 0 then '' else '/' || epoch end, ',') from scheduling.cursor where lane = :company) as others, exists (select 1 from scheduling.inbox where inbox.lane = :company) as waits, true as passes_over
\gset scheduling_cursor_licensing_
insert into scheduling.lane (lane, next_seq) values (:company, 1) on conflict (lane) do update set next_seq = lane.next_seq returning next_seq as seq, (select lane_epoch from scheduling.head where id = 1) as epoch
\gset scheduling_lane_
select id, company, version, cast(body as text) as body from scheduling.project where company = :company and id = :project
\gset scheduling_document_
select id, company, version, cast(body as text) as body from scheduling.company where company = :company and id = :company
;
update scheduling.project set label = E'contracting', version = version + 1, body = cast(:value7 as jsonb), updated_at = now() where id = :project and version = :scheduling_document_version
;
delete from scheduling.timer where kind = E'project' and key = :project
;
update scheduling.cursor set epoch = E'0', seq = :scheduling_cursor_licensing_seq::bigint + 1, parked = false where source = E'licensing' and lane = :company
;
COMMIT
;
-- notification
BEGIN
;
insert into notification.cursor (source, lane, seq) values (E'licensing', :company, 0) on conflict (source, lane) do update set seq = cursor.seq returning epoch, seq, parked, (select string_agg(source || '/' || seq || case when epoch = 0 then '' else '/' || epoch end, ',') from notification.cursor where lane = :company) as others, exists (select 1 from notification.inbox where inbox.lane = :company) as waits, not exists (select 1 from notification.webhook_endpoint) as passes_over
\gset notification_cursor_licensing_
insert into notification.lane (lane, next_seq) values (:company, 1) on conflict (lane) do update set next_seq = lane.next_seq returning next_seq as seq, (select lane_epoch from notification.head where id = 1) as epoch
\gset notification_lane_
select 'directory' as kind, id, company, version, cast(body as text) as body from notification.directory where company = :company and id = :company union all select 'project' as kind, id, company, version, cast(body as text) as body from notification.project where company = :company and id = :project
;
insert into notification.message (id, company, project, event_id, recipient, kind, part, mentions, label, due_at, held_until, urgent, body, version) select new.column1::uuid, new.column2::text, new.column3::uuid, new.column4::uuid, new.column5::text, new.column6::text, new.column7::text, new.column8::text, new.column9::text, new.column10::timestamptz, new.column11::timestamptz, new.column12::boolean, cast(new.column13::jsonb as jsonb), 1 from (values (:fresh7, :company, :project, :fresh1, :decision, E'licence_chosen', E'', E'', E'held', null, E'2026-11-09 08\x3a10\x3a00+00', E'f', :value8), (:fresh8, :company, :project, :fresh1, E'softvig', E'licence_chosen', E'', E'', E'held', null, E'2026-11-09 08\x3a10\x3a00+00', E'f', :value9)) as new where true on conflict (event_id, recipient, kind, part) do nothing
;
update notification.cursor set epoch = E'0', seq = :notification_cursor_licensing_seq::bigint + 1, parked = false where source = E'licensing' and lane = :company
;
COMMIT
;
-- notification
select * from (select urgent, due_at, id, version, cast(body as text) as body, cast(delivery as text) as delivery from notification.message where urgent = true and due_at <= now() and company = :company and (message.id < uuid '00000000-0000-0000-0000-000000000000' or message.id = (select first.id from notification.message as first where first.company = message.company and first.recipient = message.recipient and first.urgent = message.urgent and first.label in ('pending', 'sending') and first.id >= uuid '00000000-0000-0000-0000-000000000000' order by first.id limit 1)) order by due_at, id limit 40) as of_one union all select * from (select urgent, due_at, id, version, cast(body as text) as body, cast(delivery as text) as delivery from notification.message where urgent = false and due_at <= now() and company = :company and (message.id < uuid '00000000-0000-0000-0000-000000000000' or message.id = (select first.id from notification.message as first where first.company = message.company and first.recipient = message.recipient and first.urgent = message.urgent and first.label in ('pending', 'sending') and first.id >= uuid '00000000-0000-0000-0000-000000000000' order by first.id limit 1)) order by due_at, id limit 40) as of_one order by urgent desc, due_at, id limit 40
;
