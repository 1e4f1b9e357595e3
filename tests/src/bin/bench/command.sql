-- All statements that licensing.ChooseLicence causes, as pgbench runs them: made by `tests/bench --write-script`.
-- Each client works on companies of its own; one statement is added, which makes the ids.
-- statements: 60, transactions: 15
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
  lpad(to_hex(:id::bigint + 8), 32, '0') as fresh8,
  lpad(to_hex(:id::bigint + 9), 32, '0') as fresh9,
  lpad(to_hex(:id::bigint + 10), 32, '0') as fresh10
\gset
-- licensing
select source, lane, seq from licensing.cursor where lane = any (string_to_array(:company, ','))
;
-- licensing
BEGIN
;
insert into licensing.lane (lane, next_seq) values (:company, 1) on conflict (lane) do update set next_seq = lane.next_seq returning next_seq
\gset licensing_lane_
select payload_hash, resource from licensing.request where key = repeat(:fresh0, 2)
;
select technical, decision from licensing.contact where company = :company and contact = :decision
;
select id, company, version, cast(body as text) as body from licensing.licences where company = :company and id = :project
\gset licensing_document_
update licensing.licences set label = E'incomplete', version = version + 1, body = cast(:value0 as jsonb), updated_at = now() where id = :project and version = :licensing_document_version
;
insert into licensing.outbox (event_id, lane, seq, kind, project, payload, trace, recorded_at, follows) values (:fresh1, :company, :licensing_lane_next_seq::bigint + 0, E'licence_chosen', E'companies/01a21970-02e1-71cd-9b8e-8477fa1d1196/projects/01a21970-036d-777a-b8eb-3bc8a4028b46', :value1, null, E'2026-11-09 08\x3a00\x3a00+00', (select string_agg(source || '/' || seq, ',') from licensing.cursor where cursor.lane = :company)), (:fresh2, :company, :licensing_lane_next_seq::bigint + 1, E'licence_status_changed', E'companies/01a21970-02e1-71cd-9b8e-8477fa1d1196/projects/01a21970-036d-777a-b8eb-3bc8a4028b46', :value2, null, E'2026-11-09 08\x3a00\x3a00+00', (select string_agg(source || '/' || seq, ',') from licensing.cursor where cursor.lane = :company))
;
update licensing.lane set next_seq = :licensing_lane_next_seq::bigint + 2 where lane = :company
;
insert into licensing.history (id, company, project, kind, actor, request, body, recorded_at) values (:fresh3, :company, E'companies/01a21970-02e1-71cd-9b8e-8477fa1d1196/projects/01a21970-036d-777a-b8eb-3bc8a4028b46', E'licence_chosen', E'companies/01a21970-02e1-71cd-9b8e-8477fa1d1196/contacts/01a21970-0339-7303-975a-9513d0b0ef6d', :fresh4, E'{"kind"\x3a "standard", "event"\x3a "licence_chosen", "metric"\x3a null, "previous"\x3a null}', E'2026-11-09 08\x3a00\x3a00+00'), (:fresh5, :company, E'companies/01a21970-02e1-71cd-9b8e-8477fa1d1196/projects/01a21970-036d-777a-b8eb-3bc8a4028b46', E'status_changed', E'companies/01a21970-02e1-71cd-9b8e-8477fa1d1196/contacts/01a21970-0339-7303-975a-9513d0b0ef6d', :fresh4, :value3, E'2026-11-09 08\x3a00\x3a00+00')
;
insert into licensing.request (key, payload_hash, resource, created_at) values (repeat(:fresh0, 2), repeat(:fresh6, 2), :value4, now()) on conflict (key) do nothing
;
COMMIT
;
-- What it causes.
-- licensing
BEGIN
;
update licensing.head set next_position = next_position where id = 1 returning next_position
\gset licensing_head_
update licensing.outbox set position = pick.place + :licensing_head_next_position::bigint + 0, sequenced_at = now() from (select event_id as picked, row_number() over (order by lane, seq) - 1 as place from licensing.outbox where position is null and lane = :company order by lane, seq limit 500) as pick where outbox.event_id = pick.picked returning outbox.event_id, outbox.lane, outbox.seq, outbox.position, outbox.kind, outbox.recorded_at, outbox.sequenced_at, outbox.trace, outbox.follows, outbox.payload
;
update licensing.head set next_position = :licensing_head_next_position::bigint + 2 where id = 1
;
COMMIT
;
-- notification
BEGIN
;
insert into notification.cursor (source, lane, seq) values (E'licensing', :company, 0) on conflict (source, lane) do update set seq = cursor.seq returning seq, parked, (select string_agg(other.source || '/' || other.seq, ',') from notification.cursor as other where other.lane = :company) as others, exists (select 1 from notification.inbox where inbox.lane = :company) as waits
\gset notification_cursor_licensing_
insert into notification.lane (lane, next_seq) values (:company, 1) on conflict (lane) do update set next_seq = lane.next_seq returning next_seq
\gset notification_lane_
select 'directory' as kind, id, company, version, cast(body as text) as body from notification.directory where company = :company and id = :company union all select 'project' as kind, id, company, version, cast(body as text) as body from notification.project where company = :company and id = :project
;
insert into notification.message (id, company, project, event_id, recipient, kind, part, mentions, label, due_at, body, version) select new.column1::uuid, new.column2::text, new.column3::uuid, new.column4::uuid, new.column5::text, new.column6::text, new.column7::text, new.column8::text, new.column9::text, new.column10::timestamptz, cast(new.column11::jsonb as jsonb), 1 from (values (:fresh7, :company, :project, :fresh1, :decision, E'licence_chosen', E'', E'', E'pending', now(), :value5), (:fresh8, :company, :project, :fresh1, E'softvig', E'licence_chosen', E'', E'', E'pending', now(), :value6)) as new where true on conflict (event_id, recipient, kind, part) do nothing
;
update notification.cursor set seq = :notification_cursor_licensing_seq::bigint + 1, parked = false where source = E'licensing' and lane = :company
;
COMMIT
;
-- notification
select version, cast(body as text) as body, cast(delivery as text) as delivery from notification.message where due_at <= now() and company = :company and (message.id < uuid '00000000-0000-0000-0000-000000000000' or message.id = (select first.id from notification.message as first where first.company = message.company and first.recipient = message.recipient and first.label in ('pending', 'sending') and first.id >= uuid '00000000-0000-0000-0000-000000000000' order by first.id limit 1)) order by due_at, id limit 40
;
-- scheduling
BEGIN
;
insert into scheduling.cursor (source, lane, seq) values (E'licensing', :company, 0) on conflict (source, lane) do update set seq = cursor.seq returning seq, parked, (select string_agg(other.source || '/' || other.seq, ',') from scheduling.cursor as other where other.lane = :company) as others, exists (select 1 from scheduling.inbox where inbox.lane = :company) as waits
\gset scheduling_cursor_licensing_
insert into scheduling.lane (lane, next_seq) values (:company, 1) on conflict (lane) do update set next_seq = lane.next_seq returning next_seq
\gset scheduling_lane_
select id, company, version, cast(body as text) as body from scheduling.project where company = :company and id = :project
\gset scheduling_document_
select id, company, version, cast(body as text) as body from scheduling.company where company = :company and id = :company
;
update scheduling.project set label = E'contracting', version = version + 1, body = cast(:value7 as jsonb), updated_at = now() where id = :project and version = :scheduling_document_version
;
delete from scheduling.timer where kind = E'project' and key = :project
;
update scheduling.cursor set seq = :scheduling_cursor_licensing_seq::bigint + 1, parked = false where source = E'licensing' and lane = :company
;
COMMIT
;
-- licensing
update licensing.outbox set published_at = now() where event_id = any (string_to_array((:fresh1::text || ',' || :fresh2::text), ',')::uuid[])
;
-- audit
BEGIN
;
insert into audit.cursor (source, lane, seq) values (E'licensing', :company, 0) on conflict (source, lane) do update set seq = cursor.seq returning seq, parked, (select string_agg(other.source || '/' || other.seq, ',') from audit.cursor as other where other.lane = :company) as others, exists (select 1 from audit.inbox where inbox.lane = :company) as waits
\gset audit_cursor_licensing_
insert into audit.lane (lane, next_seq) values (:company, 1) on conflict (lane) do update set next_seq = lane.next_seq returning next_seq
\gset audit_lane_
select id, company, version, cast(body as text) as body from audit.dossier where company = :company and id = :project
\gset audit_document_
update audit.dossier set label = E'open', version = version + 1, body = cast(:value8 as jsonb), updated_at = now() where id = :project and version = :audit_document_version
;
update audit.cursor set seq = :audit_cursor_licensing_seq::bigint + 1, parked = false where source = E'licensing' and lane = :company
;
COMMIT
;
-- notification
BEGIN
;
update notification.message set label = new.column3::text, due_at = new.column4::timestamptz, delivery = cast(new.column5::jsonb as jsonb), version = version + 1 from (values (:fresh7, E'1', E'sending', now(), :value9), (:fresh8, E'1', E'sending', now(), :value9)) as new where id = new.column1::uuid and version = new.column2::bigint returning id
;
COMMIT
;
-- notification
select id, company, version, cast(body as text) as body from notification.directory where company = :company and id = :company
;
-- notification
BEGIN
;
insert into notification.lane (lane, next_seq) values (:company, 1) on conflict (lane) do update set next_seq = lane.next_seq returning next_seq
\gset notification_lane_
update notification.message set label = new.column3::text, due_at = new.column4::timestamptz, delivery = cast(new.column5::jsonb as jsonb), version = version + 1 from (values (:fresh7, E'2', E'sent', null, :value10), (:fresh8, E'2', E'sent', null, :value11)) as new where id = new.column1::uuid and version = new.column2::bigint returning id
;
insert into notification.outbox (event_id, lane, seq, kind, project, payload, trace, recorded_at, follows) values (:fresh9, :company, :notification_lane_next_seq::bigint + 0, E'message_sent', E'companies/01a21970-02e1-71cd-9b8e-8477fa1d1196/projects/01a21970-036d-777a-b8eb-3bc8a4028b46', :value12, null, E'2026-11-09 08\x3a00\x3a00+00', (select string_agg(source || '/' || seq, ',') from notification.cursor where cursor.lane = :company)), (:fresh10, :company, :notification_lane_next_seq::bigint + 1, E'message_sent', E'companies/01a21970-02e1-71cd-9b8e-8477fa1d1196/projects/01a21970-036d-777a-b8eb-3bc8a4028b46', :value13, null, E'2026-11-09 08\x3a00\x3a00+00', (select string_agg(source || '/' || seq, ',') from notification.cursor where cursor.lane = :company))
;
update notification.lane set next_seq = :notification_lane_next_seq::bigint + 2 where lane = :company
;
COMMIT
;
-- notification
select version, cast(body as text) as body, cast(delivery as text) as delivery from notification.message where due_at <= now() and company = :company and (message.id < uuid '00000000-0000-0000-0000-000000000000' or message.id = (select first.id from notification.message as first where first.company = message.company and first.recipient = message.recipient and first.label in ('pending', 'sending') and first.id >= uuid '00000000-0000-0000-0000-000000000000' order by first.id limit 1)) order by due_at, id limit 40
;
-- notification
BEGIN
;
update notification.head set next_position = next_position where id = 1 returning next_position
\gset notification_head_
update notification.outbox set position = pick.place + :notification_head_next_position::bigint + 0, sequenced_at = now() from (select event_id as picked, row_number() over (order by lane, seq) - 1 as place from notification.outbox where position is null and lane = :company order by lane, seq limit 500) as pick where outbox.event_id = pick.picked returning outbox.event_id, outbox.lane, outbox.seq, outbox.position, outbox.kind, outbox.recorded_at, outbox.sequenced_at, outbox.trace, outbox.follows, outbox.payload
;
update notification.head set next_position = :notification_head_next_position::bigint + 2 where id = 1
;
COMMIT
;
-- notification
update notification.outbox set published_at = now() where event_id = any (string_to_array((:fresh9::text || ',' || :fresh10::text), ',')::uuid[])
;
-- scheduling
update scheduling.cursor set seq = cursor.seq + 1 where source = E'notification' and lane = :company and seq >= cursor.seq and seq < cursor.seq + 1 and not parked and not exists (select 1 from scheduling.inbox where inbox.lane = :company)
;
