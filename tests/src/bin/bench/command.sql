-- All statements that licensing.ChooseLicence causes, as pgbench runs them: made by `tests/bench --write-script`.
-- Each client works on companies of its own; one statement is added, which makes the ids.
-- statements: 122, transactions: 30
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
select 1 from licensing.cursor where source = E'scheduling' and lane = :company and seq >= E'6'
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
select id, company, version, body from licensing.licences where company = :company and id = :project
\gset licensing_document_
update licensing.licences set label = E'incomplete', version = version + 1, body = :value0, updated_at = now() where id = :project and version = :licensing_document_version
;
insert into licensing.outbox (event_id, lane, seq, kind, project, payload, trace, recorded_at) values (:fresh1, :company, :licensing_lane_next_seq::bigint + 0, E'licence_chosen', E'companies/01a214bd-a078-7292-969e-6861f7f4d67e/projects/01a214bd-a16f-71e7-9b34-1bd6c84e16ff', :value1, null, E'2026-11-09 08\x3a00\x3a00+00'), (:fresh2, :company, :licensing_lane_next_seq::bigint + 1, E'licence_status_changed', E'companies/01a214bd-a078-7292-969e-6861f7f4d67e/projects/01a214bd-a16f-71e7-9b34-1bd6c84e16ff', :value2, null, E'2026-11-09 08\x3a00\x3a00+00')
;
update licensing.lane set next_seq = :licensing_lane_next_seq::bigint + 2 where lane = :company
;
insert into licensing.history (id, company, project, kind, actor, request, body, recorded_at) values (:fresh3, :company, E'companies/01a214bd-a078-7292-969e-6861f7f4d67e/projects/01a214bd-a16f-71e7-9b34-1bd6c84e16ff', E'licence_chosen', E'companies/01a214bd-a078-7292-969e-6861f7f4d67e/contacts/01a214bd-a110-7306-96ed-b6f9661c6829', :fresh4, E'{"kind"\x3a "standard", "event"\x3a "licence_chosen", "previous"\x3a null}', E'2026-11-09 08\x3a00\x3a00+00'), (:fresh5, :company, E'companies/01a214bd-a078-7292-969e-6861f7f4d67e/projects/01a214bd-a16f-71e7-9b34-1bd6c84e16ff', E'status_changed', E'companies/01a214bd-a078-7292-969e-6861f7f4d67e/contacts/01a214bd-a110-7306-96ed-b6f9661c6829', :fresh4, :value3, E'2026-11-09 08\x3a00\x3a00+00')
;
insert into licensing.request (key, payload_hash, resource, created_at) values (repeat(:fresh0, 2), repeat(:fresh6, 2), :value4, now()) on conflict (key) do nothing
;
COMMIT
;
-- What it causes.
-- licensing
select 1 from licensing.outbox where position is null limit 1
;
-- licensing
BEGIN
;
update licensing.head set next_position = next_position where id = 1 returning next_position
\gset licensing_head_
update licensing.outbox set position = pick.place + :licensing_head_next_position::bigint + 0, sequenced_at = now() from (select event_id as picked, row_number() over (order by lane, seq) - 1 as place from licensing.outbox where position is null and lane = :company order by lane, seq limit 500) as pick where outbox.event_id = pick.picked returning outbox.event_id, outbox.lane, outbox.seq, outbox.position, outbox.kind, outbox.recorded_at, outbox.sequenced_at, outbox.trace, outbox.payload
;
update licensing.head set next_position = :licensing_head_next_position::bigint + 2 where id = 1
;
COMMIT
;
-- notification
BEGIN
;
insert into notification.cursor (source, lane, seq) values (E'licensing', :company, 0) on conflict (source, lane) do update set seq = cursor.seq returning seq, parked
\gset notification_cursor_licensing_
insert into notification.lane (lane, next_seq) values (:company, 1) on conflict (lane) do update set next_seq = lane.next_seq returning next_seq
\gset notification_lane_
select id, company, version, body from notification.directory where company = :company and id = :company
;
select id, company, version, body from notification.project where company = :company and id = :project
;
insert into notification.message (id, company, project, event_id, recipient, kind, part, mentions, label, due_at, version, body) values (:fresh7, :company, :project, :fresh1, :decision, E'licence_chosen', E'', E'', E'pending', now(), 1, :value5) on conflict (event_id, recipient, kind, part) do nothing
;
insert into notification.message (id, company, project, event_id, recipient, kind, part, mentions, label, due_at, version, body) values (:fresh8, :company, :project, :fresh1, E'softvig', E'licence_chosen', E'', E'', E'pending', now(), 1, :value6) on conflict (event_id, recipient, kind, part) do nothing
;
update notification.cursor set seq = :notification_cursor_licensing_seq::bigint + 1 where source = E'licensing' and lane = :company
;
delete from notification.inbox where seq = :notification_cursor_licensing_seq::bigint + 1 and source = E'licensing' and lane = :company
;
COMMIT
;
-- scheduling
BEGIN
;
insert into scheduling.cursor (source, lane, seq) values (E'licensing', :company, 0) on conflict (source, lane) do update set seq = cursor.seq returning seq, parked
\gset scheduling_cursor_licensing_
insert into scheduling.lane (lane, next_seq) values (:company, 1) on conflict (lane) do update set next_seq = lane.next_seq returning next_seq
\gset scheduling_lane_
select id, company, version, body from scheduling.project where company = :company and id = :project
;
update scheduling.cursor set seq = :scheduling_cursor_licensing_seq::bigint + 1 where source = E'licensing' and lane = :company
;
delete from scheduling.inbox where seq = :scheduling_cursor_licensing_seq::bigint + 1 and source = E'licensing' and lane = :company
;
COMMIT
;
-- audit
BEGIN
;
insert into audit.cursor (source, lane, seq) values (E'licensing', :company, 0) on conflict (source, lane) do update set seq = cursor.seq returning seq, parked
\gset audit_cursor_licensing_
insert into audit.lane (lane, next_seq) values (:company, 1) on conflict (lane) do update set next_seq = lane.next_seq returning next_seq
\gset audit_lane_
select id, company, version, body from audit.dossier where company = :company and id = :project
;
update audit.cursor set seq = :audit_cursor_licensing_seq::bigint + 1 where source = E'licensing' and lane = :company
;
delete from audit.inbox where seq = :audit_cursor_licensing_seq::bigint + 1 and source = E'licensing' and lane = :company
;
COMMIT
;
-- licensing
BEGIN
;
update licensing.outbox set published_at = now() where event_id in (:fresh1, :fresh2)
;
COMMIT
;
-- audit
select inbox.source, inbox.lane, inbox.seq, inbox.event_id, inbox.kind, inbox.payload, inbox.trace, inbox.recorded_at, inbox.sequenced_at from audit.inbox where source = E'licensing' and lane = :company and seq = :audit_cursor_licensing_seq::bigint + 2 and kind <> 'contact_card'
;
-- scheduling
select inbox.source, inbox.lane, inbox.seq, inbox.event_id, inbox.kind, inbox.payload, inbox.trace, inbox.recorded_at, inbox.sequenced_at from scheduling.inbox where source = E'licensing' and lane = :company and seq = :scheduling_cursor_licensing_seq::bigint + 2 and kind <> 'contact_card'
;
-- notification
select inbox.source, inbox.lane, inbox.seq, inbox.event_id, inbox.kind, inbox.payload, inbox.trace, inbox.recorded_at, inbox.sequenced_at from notification.inbox where source = E'licensing' and lane = :company and seq = :notification_cursor_licensing_seq::bigint + 2 and kind <> 'contact_card'
;
-- scheduling
BEGIN
;
insert into scheduling.cursor (source, lane, seq) values (E'licensing', :company, 0) on conflict (source, lane) do update set seq = cursor.seq returning seq, parked
\gset scheduling_cursor_licensing_
insert into scheduling.lane (lane, next_seq) values (:company, 1) on conflict (lane) do update set next_seq = lane.next_seq returning next_seq
\gset scheduling_lane_
select id, company, version, body from scheduling.project where company = :company and id = :project
\gset scheduling_document_
select id, company, version, body from scheduling.company where company = :company and id = :company
;
update scheduling.project set label = E'contracting', version = version + 1, body = :value7, updated_at = now() where id = :project and version = :scheduling_document_version
;
delete from scheduling.timer where kind = E'project' and key = :project
;
update scheduling.cursor set seq = :scheduling_cursor_licensing_seq::bigint + 1 where source = E'licensing' and lane = :company
;
delete from scheduling.inbox where seq = :scheduling_cursor_licensing_seq::bigint + 1 and source = E'licensing' and lane = :company
;
COMMIT
;
-- notification
BEGIN
;
insert into notification.cursor (source, lane, seq) values (E'licensing', :company, 0) on conflict (source, lane) do update set seq = cursor.seq returning seq, parked
\gset notification_cursor_licensing_
insert into notification.lane (lane, next_seq) values (:company, 1) on conflict (lane) do update set next_seq = lane.next_seq returning next_seq
\gset notification_lane_
select id, company, version, body from notification.directory where company = :company and id = :company
;
select id, company, version, body from notification.project where company = :company and id = :project
;
update notification.cursor set seq = :notification_cursor_licensing_seq::bigint + 1 where source = E'licensing' and lane = :company
;
delete from notification.inbox where seq = :notification_cursor_licensing_seq::bigint + 1 and source = E'licensing' and lane = :company
;
COMMIT
;
-- notification
select inbox.source, inbox.lane, inbox.seq, inbox.event_id, inbox.kind, inbox.payload, inbox.trace, inbox.recorded_at, inbox.sequenced_at from notification.inbox where source = E'licensing' and lane = :company and seq = :notification_cursor_licensing_seq::bigint + 2 and kind <> 'contact_card'
;
-- notification
BEGIN
;
select version, body from notification.message where due_at <= now() and not exists (select 1 from notification.message as held where held.company = message.company and held.recipient = message.recipient and held.id < message.id and held.label = 'sending' and held.due_at > now()) order by due_at, id limit 10
;
update notification.message set label = E'sending', due_at = now(), body = :value8, version = version + 1 where id = :fresh7 and version = E'1'
;
update notification.message set label = E'sending', due_at = now(), body = :value9, version = version + 1 where id = :fresh8 and version = E'1'
;
COMMIT
;
-- notification
select version, body from notification.message where company = :company and id = :fresh8
;
-- notification
BEGIN
;
insert into notification.lane (lane, next_seq) values (:company, 1) on conflict (lane) do update set next_seq = lane.next_seq returning next_seq
\gset notification_lane_
select version, body from notification.message where company = :company and id = :fresh8
;
update notification.message set label = E'sent', due_at = null, body = :value10, version = version + 1 where id = :fresh8 and version = E'2'
;
insert into notification.outbox (event_id, lane, seq, kind, project, payload, trace, recorded_at) values (:fresh9, :company, :notification_lane_next_seq::bigint + 0, E'message_sent', E'companies/01a214bd-a078-7292-969e-6861f7f4d67e/projects/01a214bd-a16f-71e7-9b34-1bd6c84e16ff', :value11, null, E'2026-11-09 08\x3a00\x3a00+00')
;
update notification.lane set next_seq = :notification_lane_next_seq::bigint + 1 where lane = :company
;
COMMIT
;
-- notification
select id, company, version, body from notification.directory where company = :company and id = :company
;
-- notification
select version, body from notification.message where company = :company and id = :fresh7
;
-- notification
BEGIN
;
insert into notification.lane (lane, next_seq) values (:company, 1) on conflict (lane) do update set next_seq = lane.next_seq returning next_seq
\gset notification_lane_
select version, body from notification.message where company = :company and id = :fresh7
;
update notification.message set label = E'sent', due_at = null, body = :value12, version = version + 1 where id = :fresh7 and version = E'2'
;
insert into notification.outbox (event_id, lane, seq, kind, project, payload, trace, recorded_at) values (:fresh10, :company, :notification_lane_next_seq::bigint + 0, E'message_sent', E'companies/01a214bd-a078-7292-969e-6861f7f4d67e/projects/01a214bd-a16f-71e7-9b34-1bd6c84e16ff', :value13, null, E'2026-11-09 08\x3a00\x3a00+00')
;
update notification.lane set next_seq = :notification_lane_next_seq::bigint + 1 where lane = :company
;
COMMIT
;
-- notification
select 1 from notification.outbox where position is null limit 1
;
-- notification
BEGIN
;
update notification.head set next_position = next_position where id = 1 returning next_position
\gset notification_head_
update notification.outbox set position = pick.place + :notification_head_next_position::bigint + 0, sequenced_at = now() from (select event_id as picked, row_number() over (order by lane, seq) - 1 as place from notification.outbox where position is null and lane = :company order by lane, seq limit 500) as pick where outbox.event_id = pick.picked returning outbox.event_id, outbox.lane, outbox.seq, outbox.position, outbox.kind, outbox.recorded_at, outbox.sequenced_at, outbox.trace, outbox.payload
;
update notification.head set next_position = :notification_head_next_position::bigint + 2 where id = 1
;
COMMIT
;
-- notification
BEGIN
;
update notification.outbox set published_at = now() where event_id in (:fresh9, :fresh10)
;
COMMIT
;
-- audit
BEGIN
;
insert into audit.cursor (source, lane, seq) values (E'licensing', :company, 0) on conflict (source, lane) do update set seq = cursor.seq returning seq, parked
\gset audit_cursor_licensing_
insert into audit.lane (lane, next_seq) values (:company, 1) on conflict (lane) do update set next_seq = lane.next_seq returning next_seq
\gset audit_lane_
select id, company, version, body from audit.dossier where company = :company and id = :project
\gset audit_document_
update audit.dossier set label = E'open', version = version + 1, body = :value14, updated_at = now() where id = :project and version = :audit_document_version
;
update audit.cursor set seq = :audit_cursor_licensing_seq::bigint + 1 where source = E'licensing' and lane = :company
;
delete from audit.inbox where seq = :audit_cursor_licensing_seq::bigint + 1 and source = E'licensing' and lane = :company
;
COMMIT
;
-- scheduling
select inbox.source, inbox.lane, inbox.seq, inbox.event_id, inbox.kind, inbox.payload, inbox.trace, inbox.recorded_at, inbox.sequenced_at from scheduling.inbox where source = E'licensing' and lane = :company and seq = :scheduling_cursor_licensing_seq::bigint + 2 and kind <> 'contact_card'
;
-- audit
select inbox.source, inbox.lane, inbox.seq, inbox.event_id, inbox.kind, inbox.payload, inbox.trace, inbox.recorded_at, inbox.sequenced_at from audit.inbox where source = E'licensing' and lane = :company and seq = :audit_cursor_licensing_seq::bigint + 2 and kind <> 'contact_card'
;
-- scheduling
BEGIN
;
insert into scheduling.cursor (source, lane, seq) values (E'notification', :company, 0) on conflict (source, lane) do update set seq = cursor.seq returning seq, parked
\gset scheduling_cursor_notification_
insert into scheduling.lane (lane, next_seq) values (:company, 1) on conflict (lane) do update set next_seq = lane.next_seq returning next_seq
\gset scheduling_lane_
update scheduling.cursor set seq = :scheduling_cursor_notification_seq::bigint + 1 where source = E'notification' and lane = :company
;
delete from scheduling.inbox where seq = :scheduling_cursor_notification_seq::bigint + 1 and source = E'notification' and lane = :company
;
COMMIT
;
-- scheduling
select inbox.source, inbox.lane, inbox.seq, inbox.event_id, inbox.kind, inbox.payload, inbox.trace, inbox.recorded_at, inbox.sequenced_at from scheduling.inbox where source = E'notification' and lane = :company and seq = :scheduling_cursor_notification_seq::bigint + 2 and kind <> 'contact_card'
;
-- scheduling
BEGIN
;
insert into scheduling.cursor (source, lane, seq) values (E'notification', :company, 0) on conflict (source, lane) do update set seq = cursor.seq returning seq, parked
\gset scheduling_cursor_notification_
insert into scheduling.lane (lane, next_seq) values (:company, 1) on conflict (lane) do update set next_seq = lane.next_seq returning next_seq
\gset scheduling_lane_
update scheduling.cursor set seq = :scheduling_cursor_notification_seq::bigint + 1 where source = E'notification' and lane = :company
;
delete from scheduling.inbox where seq = :scheduling_cursor_notification_seq::bigint + 1 and source = E'notification' and lane = :company
;
COMMIT
;
-- scheduling
select inbox.source, inbox.lane, inbox.seq, inbox.event_id, inbox.kind, inbox.payload, inbox.trace, inbox.recorded_at, inbox.sequenced_at from scheduling.inbox where source = E'notification' and lane = :company and seq = :scheduling_cursor_notification_seq::bigint + 2 and kind <> 'contact_card'
;
